import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { Report } from '../../socket/report.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import { perProcess } from '../process/per-process.ts';
import { cleanUp } from './cleanup.ts';
import { end } from './ending.ts';
import { HandshakeRate } from './handshake-rate.ts';
import { HealthMonitor } from './health.ts';
import { ConnectionView, type OpenSlot } from './managed-connection.ts';
import { type ClosingReport, ManagerEvents } from './manager-events.ts';
import { type ConnectionManagerOptions, ManagerConfiguration } from './manager-options.ts';
import { Metrics } from './metrics.ts';
import type { Rotation } from './rotation.ts';
import { Slot } from './slot.ts';
import { SlotIndex } from './slot-index.ts';
import { SlotTable } from './slot-table.ts';

/** How connections are brought to an end. */
export interface ClosingOptions {
	/** Milliseconds until those that are still there are terminated. */
	readonly timeout: number;
	/** The close code that clients get. */
	readonly code: number;
	/** The reason that clients get. */
	readonly reason: string;
	/** Milliseconds over which they are asked to close, the oldest first. Default: at once. */
	readonly over?: number;
}

/** Between the parts of an id. */
const ID_SEPARATOR = '-';

/**
 * The books of a process: every connection that is open or opening.
 *
 * A slot is given back when its socket is closed and at no other time. All ways lead there, be it
 * a rejection, a reset, a handler that throws or a client that vanishes, and none leads there twice.
 */
export class Connections {
	readonly rate: HandshakeRate = new HandshakeRate();
	readonly events: ManagerEvents = new ManagerEvents((...told) => this.report(...told));
	readonly health: HealthMonitor = new HealthMonitor(this.events);
	readonly metrics: Metrics = new Metrics();
	readonly configuration: ManagerConfiguration = new ManagerConfiguration();
	/** Tells whoever runs the site. */
	report: Report = (message, error) => console.error(message, error);
	/** In the order of their handshakes. Those that have left are in it until they have told how. */
	readonly #slots: SlotTable<Slot> = new SlotTable();
	/** Those that the site's policy is asked about, if it has one. */
	#cleanup: Rotation<OpenSlot> | undefined;
	readonly #clients: SlotIndex<Slot> = new SlotIndex({
		get: (slot) => slot.placeOfClient,
		set(slot, _key, place) {
			slot.placeOfClient = place;
		},
	});
	readonly #tags: SlotIndex<OpenSlot> = new SlotIndex({
		get: (slot, tag) => slot.placesOfTags[slot.tags.indexOf(tag)] ?? 0,
		set(slot, tag, place) {
			slot.placesOfTags[slot.tags.indexOf(tag)] = place;
		},
	});
	readonly #closing: WeakSet<object> = new WeakSet();
	/** Ids are of no use in another process, and must not be taken for one of its own. */
	readonly #process: string = randomBytes(4).toString('hex');
	#isClosingAll = false;
	#size = 0;
	#open = 0;
	#entered = 0;

	/** Those that are open or opening. */
	get size(): number {
		return this.#size;
	}

	/** Those that are open. */
	get open(): number {
		return this.#open;
	}

	/** The clients that have connections. */
	get clients(): number {
		return this.#clients.words;
	}

	/** Whether no site of the process takes any more. */
	get isClosingAll(): boolean {
		return this.#isClosingAll;
	}

	/**
	 * Takes over what a site of this process is configured with.
	 *
	 * @throws Error if that contradicts what the manager was configured with.
	 */
	adopt(
		options: ResolvedWebSocketOptions,
		report: Report,
		{ isDev = false }: { readonly isDev?: boolean } = {},
	): void {
		this.report = report;
		this.configuration.adopt(options, isDev);
	}

	/**
	 * Configures the limits and services of the process.
	 *
	 * @throws Error if that contradicts what it is configured with, or comes too late.
	 */
	configure(options: ConnectionManagerOptions): void {
		if (this.configuration.configure(options) && this.configuration.isInUse) this.#restart();
	}

	/**
	 * Enters a connection, unless there are `most` already.
	 *
	 * @param socket One that is not closed yet.
	 */
	enter(scope: object, socket: Duplex, most: number): Slot | undefined {
		const present = Slot.of(socket);
		if (present !== undefined) return present;
		if (this.#size >= most) return undefined;
		const clock = coarseClock();
		if (this.#size === 0) clock.start();
		const number = ++this.#entered;
		const slot = new Slot(this, scope, socket, { number, enteredAt: clock.now });
		this.#slots.add(slot);
		this.#size++;
		return slot;
	}

	/** Strikes a connection whose socket is closed off the books. */
	leave(slot: Slot): void {
		if (slot.hasLeft) return;
		slot.hasLeft = true;
		this.#size--;
		if (slot.key !== undefined) this.#clients.delete(slot.key, slot);
		if (this.#size === 0) coarseClock().stop();
		this.#forget(slot);
	}

	/** Counts a connection for a client, unless the client has `most` already. */
	count(key: string, slot: Slot, most: number): boolean {
		if (slot.key !== undefined) return true;
		if (this.#clients.count(key) >= most) return false;
		this.#clients.add(key, slot);
		slot.key = key;
		return true;
	}

	/** The handshake of a connection is complete. */
	opened(slot: Slot): void {
		if (!isOpen(slot)) return;
		this.#start();
		this.#open++;
		this.metrics.opened();
		for (const tag of slot.tags) this.#tags.add(tag, slot);
		this.health.add(slot);
		this.#cleanup?.add(slot);
		this.events.emit('connection:added', () => [new ConnectionView(slot)], slot.subject);
	}

	/** A connection has told how it ended. */
	ended(slot: Slot, code: number, reason: string): void {
		if (!isOpen(slot)) return;
		slot.hasEnded = true;
		this.#open--;
		for (const tag of slot.tags) this.#tags.delete(tag, slot);
		this.health.delete(slot);
		this.#cleanup?.delete(slot);
		this.metrics.ended(slot, code, coarseClock().update() - slot.enteredAt);
		const connection = new ConnectionView(slot);
		this.events.emit('connection:removed', () => [{ connection, code, reason }], slot.subject);
		this.#forget(slot);
	}

	/** The number says which connection it is, and the place where to find it. */
	idOf({ number, place }: Slot): string {
		return [this.#process, number.toString(36), place.toString(36)].join(ID_SEPARATOR);
	}

	/** The open connection of that id. */
	find(id: string): OpenSlot | undefined {
		const place = Number.parseInt(id.slice(id.lastIndexOf(ID_SEPARATOR) + 1), 36);
		const slot = this.#slots.at(place);
		return slot !== undefined && isOpen(slot) && slot.id === id ? slot : undefined;
	}

	/** The open connections, the oldest first. None may be ended meanwhile. */
	*all(): Generator<OpenSlot> {
		for (const slot of this.#slots) if (isOpen(slot)) yield slot;
	}

	tagged(tag: string): OpenSlot[] {
		return this.#tags.get(tag);
	}

	countTagged(tag: string): number {
		return this.#tags.count(tag);
	}

	/** The open connections of a client, by what limits count by. */
	ofClient(key: string): OpenSlot[] {
		return this.#clients.get(key).filter(isOpen);
	}

	addTag(slot: OpenSlot, tag: string): void {
		if (slot.tags.includes(tag)) return;
		slot.tags = [...slot.tags, tag];
		slot.placesOfTags = [...slot.placesOfTags, 0];
		this.#tags.add(tag, slot);
	}

	removeTag(slot: OpenSlot, tag: string): void {
		const index = slot.tags.indexOf(tag);
		if (index === -1) return;
		this.#tags.delete(tag, slot);
		slot.tags = slot.tags.filter((_, other) => other !== index);
		slot.placesOfTags = slot.placesOfTags.filter((_, other) => other !== index);
	}

	/** Whether new connections of this scope are to be refused. */
	isClosing(scope: object): boolean {
		return this.#isClosingAll || this.#closing.has(scope);
	}

	/** Lets new connections in again. */
	reopen(scope: object): void {
		this.#isClosingAll = false;
		this.#closing.delete(scope);
	}

	/** Refuses new connections of the scope from now on, and ends those that are there. */
	async shutdown(scope: object, options: ClosingOptions): Promise<ClosingReport> {
		this.#closing.add(scope);
		return await this.closeAll(scope, options);
	}

	/** {@link Connections.shutdown} for a server, of which nobody is told where it has no connections. */
	async closeServer(server: object, options: ClosingOptions): Promise<void> {
		this.#closing.add(server);
		for (const slot of this.#slots) {
			if (slot.hasLeft || !slot.isOf(server)) continue;
			await this.closeAll(server, options);
			return;
		}
	}

	/** {@link Connections.shutdown} for all sites of the process. */
	async shutdownAll(options: ClosingOptions): Promise<ClosingReport> {
		this.#isClosingAll = true;
		return await this.#end(() => true, options);
	}

	/** Ends the connections that the scope has now. */
	async closeAll(scope: object, options: ClosingOptions): Promise<ClosingReport> {
		return await this.#end((slot) => slot.isOf(scope), options);
	}

	/** What it is configured with holds from the first connection on. */
	#start(): void {
		if (this.configuration.isInUse) return;
		this.configuration.isInUse = true;
		this.#restart();
	}

	#restart(): void {
		const { health, cleanup } = this.configuration;
		if (health === undefined) this.health.stop();
		else this.health.start(health, this.all());
		this.#cleanup?.stop();
		this.#cleanup = cleanup && cleanUp(cleanup, (...told) => this.report(...told));
		for (const slot of this.all()) this.#cleanup?.add(slot);
	}

	#end(isMeant: (slot: Slot) => boolean, options: ClosingOptions): Promise<ClosingReport> {
		const slots = [...this.#slots].filter((slot) => !slot.hasLeft && isMeant(slot));
		return end(slots, options, this.events);
	}

	#forget(slot: Slot): void {
		if (slot.hasLeft && !isOpen(slot)) this.#slots.delete(slot);
	}
}

function isOpen(slot: Slot): slot is OpenSlot {
	return slot.peer !== undefined && !slot.hasEnded;
}

/** The books of this process. */
export function connections(): Connections {
	return perProcess('connections', () => new Connections());
}
