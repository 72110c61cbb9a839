import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { Report } from '../../socket/report.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import { perProcess } from '../process/per-process.ts';
import { cleanUp } from './cleanup.ts';
import { end } from './ending.ts';
import { Entry, type EntryKeeper, type OpenEntry } from './entry.ts';
import { EntryIndex } from './entry-index.ts';
import { EntryTable } from './entry-table.ts';
import { EntryView } from './entry-view.ts';
import { HandshakeRate } from './handshake-rate.ts';
import { HealthMonitor } from './health.ts';
import { type ClosingReport, ManagerEvents } from './manager-events.ts';
import { type ConnectionManagerOptions, ManagerConfiguration } from './manager-options.ts';
import { Metrics } from './metrics.ts';
import type { Rotation } from './rotation.ts';
import type { ClosingOptions } from './shutdown-options.ts';

/** Between the parts of an id. */
const ID_SEPARATOR = '-';

/**
 * The registry of a process: every connection that is open or opening.
 *
 * A entry is given back when its socket is closed and at no other time. All ways lead there, be it
 * a rejection, a reset, a handler that throws or a client that vanishes, and none leads there twice.
 */
export class Registry implements EntryKeeper {
	readonly rate: HandshakeRate = new HandshakeRate();
	readonly events: ManagerEvents = new ManagerEvents((...told) => this.report(...told));
	readonly health: HealthMonitor = new HealthMonitor(this.events);
	readonly metrics: Metrics = new Metrics();
	readonly configuration: ManagerConfiguration = new ManagerConfiguration();
	/** Tells whoever runs the site. */
	report: Report = (message, error) => console.error(message, error);
	/** In the order of their handshakes. Those that have left are in it until they have told how. */
	readonly #entries: EntryTable<Entry> = new EntryTable();
	/** Those that the site's policy is asked about, if it has one. */
	#cleanup: Rotation<OpenEntry> | undefined;
	readonly #clients: EntryIndex<Entry> = new EntryIndex({
		get: (entry) => entry.placeOfClient,
		set(entry, _key, place) {
			entry.placeOfClient = place;
		},
	});
	readonly #tags: EntryIndex<OpenEntry> = new EntryIndex({
		get: (entry, tag) => entry.placesOfTags[entry.tags.indexOf(tag)] ?? 0,
		set(entry, tag, place) {
			entry.placesOfTags[entry.tags.indexOf(tag)] = place;
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
	enter(scope: object, socket: Duplex, most: number): Entry | undefined {
		const present = Entry.of(socket);
		if (present !== undefined) return present;
		if (this.#size >= most) return undefined;
		const clock = coarseClock();
		if (this.#size === 0) clock.start();
		const number = ++this.#entered;
		const entry = new Entry(this, scope, socket, { number, enteredAt: clock.now });
		this.#entries.add(entry);
		this.#size++;
		return entry;
	}

	/** Strikes a connection whose socket is closed off the registry. */
	leave(entry: Entry): void {
		if (entry.hasLeft) return;
		entry.hasLeft = true;
		this.#size--;
		if (entry.key !== undefined) this.#clients.delete(entry.key, entry);
		if (this.#size === 0) coarseClock().stop();
		this.#forget(entry);
	}

	/** Counts a connection for a client, unless the client has `most` already. */
	count(key: string, entry: Entry, most: number): boolean {
		if (entry.key !== undefined) return true;
		if (this.#clients.count(key) >= most) return false;
		this.#clients.add(key, entry);
		entry.key = key;
		return true;
	}

	/** The handshake of a connection is complete. */
	opened(entry: Entry): void {
		if (!isOpen(entry)) return;
		this.#start();
		this.#open++;
		this.metrics.opened();
		for (const tag of entry.tags) this.#tags.add(tag, entry);
		this.health.add(entry);
		this.#cleanup?.add(entry);
		this.events.emit('connection:added', () => [new EntryView(entry)], entry.subject);
	}

	/** A ping of the health monitoring was answered. */
	answered(entry: Entry, payload: Buffer): void {
		this.health.answered(entry, payload);
	}

	/** A connection has told how it ended. */
	ended(entry: Entry, code: number, reason: string): void {
		if (!isOpen(entry)) return;
		entry.hasEnded = true;
		this.#open--;
		for (const tag of entry.tags) this.#tags.delete(tag, entry);
		this.health.delete(entry);
		this.#cleanup?.delete(entry);
		this.metrics.ended(entry, code, coarseClock().update() - entry.enteredAt);
		const connection = new EntryView(entry);
		this.events.emit('connection:removed', () => [{ connection, code, reason }], entry.subject);
		this.#forget(entry);
	}

	/** The number says which connection it is, and the place where to find it. */
	idOf({ number, place }: Entry): string {
		return [this.#process, number.toString(36), place.toString(36)].join(ID_SEPARATOR);
	}

	/** The open connection of that id. */
	find(id: string): OpenEntry | undefined {
		const place = Number.parseInt(id.slice(id.lastIndexOf(ID_SEPARATOR) + 1), 36);
		const entry = this.#entries.at(place);
		return entry !== undefined && isOpen(entry) && entry.id === id ? entry : undefined;
	}

	/** The open connections, the oldest first. None may be ended meanwhile. */
	*all(): Generator<OpenEntry> {
		for (const entry of this.#entries) if (isOpen(entry)) yield entry;
	}

	tagged(tag: string): OpenEntry[] {
		return this.#tags.get(tag);
	}

	countTagged(tag: string): number {
		return this.#tags.count(tag);
	}

	/** The open connections of a client, by what limits count by. */
	ofClient(key: string): OpenEntry[] {
		return this.#clients.get(key).filter(isOpen);
	}

	addTag(entry: OpenEntry, tag: string): void {
		if (entry.tags.includes(tag)) return;
		entry.tags = [...entry.tags, tag];
		entry.placesOfTags = [...entry.placesOfTags, 0];
		this.#tags.add(tag, entry);
	}

	removeTag(entry: OpenEntry, tag: string): void {
		const index = entry.tags.indexOf(tag);
		if (index === -1) return;
		this.#tags.delete(tag, entry);
		entry.tags = entry.tags.filter((_, other) => other !== index);
		entry.placesOfTags = entry.placesOfTags.filter((_, other) => other !== index);
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

	/** {@link Registry.shutdown} for a server, of which nobody is told where it has no connections. */
	async closeServer(server: object, options: ClosingOptions): Promise<void> {
		this.#closing.add(server);
		for (const entry of this.#entries) {
			if (entry.hasLeft || !entry.isOf(server)) continue;
			await this.closeAll(server, options);
			return;
		}
	}

	/** {@link Registry.shutdown} for all sites of the process. */
	async shutdownAll(options: ClosingOptions): Promise<ClosingReport> {
		this.#isClosingAll = true;
		return await this.#end(() => true, options);
	}

	/** Ends the connections that the scope has now. */
	async closeAll(scope: object, options: ClosingOptions): Promise<ClosingReport> {
		return await this.#end((entry) => entry.isOf(scope), options);
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
		for (const entry of this.all()) this.#cleanup?.add(entry);
	}

	#end(isMeant: (entry: Entry) => boolean, options: ClosingOptions): Promise<ClosingReport> {
		const entries = [...this.#entries].filter((entry) => !entry.hasLeft && isMeant(entry));
		return end(entries, options, this.events);
	}

	#forget(entry: Entry): void {
		if (entry.hasLeft && !isOpen(entry)) this.#entries.delete(entry);
	}
}

function isOpen(entry: Entry): entry is OpenEntry {
	return entry.peer !== undefined && !entry.hasEnded;
}

/** The registry of this process. */
export function processRegistry(): Registry {
	return perProcess('connections', () => new Registry());
}
