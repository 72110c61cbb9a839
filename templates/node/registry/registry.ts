import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import type { Report } from '../../socket/report.ts';
import { coarseClock } from '../process/coarse-clock.ts';
import { perProcess } from '../process/per-process.ts';
import { Entry, type EntryKeeper, type OpenEntry } from './connections/entry.ts';
import { EntryIndex } from './connections/entry-index.ts';
import { EntryTable } from './connections/entry-table.ts';
import { EntryView } from './connections/entry-view.ts';
import type { ClosingOptions } from './connections/shutdown-options.ts';
import { Metrics } from './figures/metrics.ts';
import { cleanUp } from './upkeep/cleanup.ts';
import { end } from './upkeep/ending.ts';
import { HandshakeRate } from './upkeep/handshake-rate.ts';
import { HealthMonitor } from './upkeep/health.ts';
import { type ClosingReport, ManagerEvents } from './upkeep/manager-events.ts';
import { type ConnectionManagerOptions, ManagerConfiguration } from './upkeep/manager-options.ts';
import type { Rotation } from './upkeep/rotation.ts';

/** The separator in ids. */
const ID_SEPARATOR = '-';

/**
 * The registry of a process: every open or pending connection.
 *
 * An entry is released only when its socket is closed. Every outcome leads there exactly once: a
 * rejection, a reset, an exception in a handler, or a lost client.
 */
export class Registry implements EntryKeeper {
	readonly rate: HandshakeRate = new HandshakeRate();
	readonly events: ManagerEvents = new ManagerEvents((...args) => this.report(...args));
	readonly health: HealthMonitor = new HealthMonitor(this.events);
	readonly metrics: Metrics = new Metrics();
	readonly configuration: ManagerConfiguration = new ManagerConfiguration();
	/** Reports to the operator of the site. */
	report: Report = (message, error) => console.error(message, error);
	/** In the order of their handshakes. A closed connection stays until it has reported its end. */
	readonly #entries: EntryTable<Entry> = new EntryTable();
	/** The connections of the site's clean-up policy, if there is one. */
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
	/** Identifies the process, so that an id of another process never matches. */
	readonly #process: string = randomBytes(4).toString('hex');
	#isClosingAll = false;
	#size = 0;
	#open = 0;
	#entered = 0;

	/** The number of open and pending connections. */
	get size(): number {
		return this.#size;
	}

	/** The number of open connections. */
	get open(): number {
		return this.#open;
	}

	/** The number of clients with connections. */
	get clients(): number {
		return this.#clients.words;
	}

	/** Whether all sites of the process refuse new connections. */
	get isClosingAll(): boolean {
		return this.#isClosingAll;
	}

	/**
	 * Applies the configuration of a site.
	 *
	 * @throws Error if it contradicts the configuration of the manager.
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
	 * @throws Error if it contradicts the present configuration.
	 */
	configure(options: ConnectionManagerOptions): void {
		if (this.configuration.configure(options) && this.configuration.isInUse) this.#restart();
	}

	/**
	 * Adds a connection, unless there are `most` already.
	 *
	 * @param socket A socket that is not closed yet.
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

	/** Removes a connection after its socket was closed. */
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

	/** Called when a handshake is complete. */
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

	/** Called for every pong. */
	answered(entry: Entry, payload: Buffer): void {
		this.health.answered(entry, payload);
	}

	/** Called when a connection has reported its end. */
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

	/** The number identifies the connection, and the position finds it. */
	idOf({ number, place }: Entry): string {
		return [this.#process, number.toString(36), place.toString(36)].join(ID_SEPARATOR);
	}

	/** Returns the open connection with this id. */
	find(id: string): OpenEntry | undefined {
		const place = Number.parseInt(id.slice(id.lastIndexOf(ID_SEPARATOR) + 1), 36);
		const entry = this.#entries.at(place);
		return entry !== undefined && isOpen(entry) && entry.id === id ? entry : undefined;
	}

	/** Iterates over the open connections from the oldest. None may end meanwhile. */
	*all(): Generator<OpenEntry> {
		for (const entry of this.#entries) if (isOpen(entry)) yield entry;
	}

	tagged(tag: string): OpenEntry[] {
		return this.#tags.get(tag);
	}

	countTagged(tag: string): number {
		return this.#tags.count(tag);
	}

	/** Returns the open connections of a client, by the key for limits. */
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

	/** Whether new connections of this scope are refused. */
	isClosing(scope: object): boolean {
		return this.#isClosingAll || this.#closing.has(scope);
	}

	/** Accepts new connections again. */
	reopen(scope: object): void {
		this.#isClosingAll = false;
		this.#closing.delete(scope);
	}

	/** Refuses new connections of the scope, and ends the present ones. */
	async shutdown(scope: object, options: ClosingOptions): Promise<ClosingReport> {
		this.#closing.add(scope);
		return await this.closeAll(scope, options);
	}

	/** {@link Registry.shutdown} for a server. Emits no events for a server without connections. */
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

	/** Ends the present connections of the scope. */
	async closeAll(scope: object, options: ClosingOptions): Promise<ClosingReport> {
		return await this.#end((entry) => entry.isOf(scope), options);
	}

	/** Starts the configured services with the first connection. */
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
		this.#cleanup = cleanup && cleanUp(cleanup, (...args) => this.report(...args));
		for (const entry of this.all()) this.#cleanup?.add(entry);
	}

	#end(isSelected: (entry: Entry) => boolean, options: ClosingOptions): Promise<ClosingReport> {
		const entries = [...this.#entries].filter((entry) => !entry.hasLeft && isSelected(entry));
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
