import { RealtimeError } from '../protocol/errors.ts';
import type { Data, Frame } from '../protocol/server-frames.ts';
import type { HandlerDeadline } from './handler-deadline.ts';
import type { ChannelKey } from './key.ts';
import type {
	Cast,
	Entry,
	Host,
	Link,
	Log,
	LogWatcher,
	NewEntry,
	Page,
	Retention,
	Session,
	Snapshot,
	Unwatch,
} from './ports.ts';
import { type Position, readPosition, rootPosition, writePosition } from './position.ts';
import type { ChannelRules, ClientMessage } from './rules.ts';

/** A generator of numbers from 0 to 1 from a seed (mulberry32). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

interface Alarm {
	readonly at: number;
	readonly callback: () => void;
	/** Whether it wakes a process that sleeps. */
	readonly wakes: boolean;
}

/** A host whose clock stands still until a test moves it. */
export class ManualHost implements Host {
	readonly reports: string[] = [];
	/** Resolves when everything that waits for no alarm has happened. */
	settled: () => Promise<void> = settled;
	readonly #random: () => number;
	readonly #alarms = new Set<Alarm>();
	#now = 1_000_000;

	constructor(seed = 1) {
		this.#random = seededRandom(seed);
	}

	now(): number {
		return this.#now;
	}

	random(length: number): string {
		return Array.from({ length }, () => Math.floor(this.#random() * 36).toString(36)).join('');
	}

	secret(): string {
		return this.random(22);
	}

	alarm(milliseconds: number, callback: () => void): () => void {
		return this.#set(milliseconds, callback, false);
	}

	wakeAfter(milliseconds: number, callback: () => void): () => void {
		return this.#set(milliseconds, callback, true);
	}

	/** Whether something runs that a process would forget if it slept. */
	get isBusy(): boolean {
		return [...this.#alarms].some(({ wakes }) => !wakes);
	}

	/** Forgets what only a process knows. */
	sleep(): void {
		this.#alarms.clear();
	}

	broadcast(links: Iterable<Link>, frame: Frame): void {
		for (const link of links) link.send(frame);
	}

	waitUntil(work: Promise<unknown>): void {
		work.catch((error: unknown) => this.report('work failed', error));
	}

	report(message: string, error?: unknown): void {
		this.reports.push(error === undefined ? message : `${message}: ${error}`);
	}

	#set(milliseconds: number, callback: () => void, wakes: boolean): () => void {
		const alarm = { at: this.#now + milliseconds, callback, wakes };
		this.#alarms.add(alarm);
		return () => {
			this.#alarms.delete(alarm);
		};
	}

	/** Moves the clock, and lets all work that is due happen. */
	async advance(milliseconds: number): Promise<void> {
		const end = this.#now + milliseconds;
		await this.settled();
		for (;;) {
			const due = [...this.#alarms].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
			if (due === undefined) break;
			this.#alarms.delete(due);
			this.#now = Math.max(this.#now, due.at);
			due.callback();
			await this.settled();
		}
		this.#now = end;
	}
}

/** Resolves when everything that waits for no alarm has happened. */
export function settled(): Promise<void> {
	return new Promise((resolve) => setImmediate(resolve));
}

/** A client's connection that keeps what it got. */
export class FakeLink implements Link {
	readonly session: Session;
	readonly frames: unknown[][] = [];
	#ready: Promise<void> | undefined;
	#unblock: () => void = () => {};

	constructor(session: Session) {
		this.session = session;
	}

	send({ content }: Frame): void {
		if (typeof content !== 'string') throw new Error('a binary frame was sent');
		this.frames.push(JSON.parse(content));
	}

	ready(): Promise<void> | undefined {
		return this.#ready;
	}

	/** Lets no more history through until `unblock()`. */
	block(): void {
		this.#ready = new Promise((resolve) => {
			this.#unblock = resolve;
		});
	}

	unblock(): void {
		this.#unblock();
		this.#ready = undefined;
	}

	/** The frames of a type, without it. */
	of(type: string): unknown[][] {
		return this.frames.filter(([one]) => one === type).map(([, ...parts]) => parts);
	}

	/** The data of kept messages, and the gaps and snapshots among them. */
	get story(): unknown[] {
		return this.frames.flatMap(([type, ...parts]) => {
			if (type === 'event') return [parts[7]];
			if (type === 'gap') return [`gap: ${parts[1]}`];
			return type === 'snapshot' ? [`snapshot: ${parts[6]}`] : [];
		});
	}

	/** The position of the newest kept message, or of the join. */
	get position(): Position | undefined {
		let position: Position | undefined;
		for (const [type, ...parts] of this.frames) {
			if (type === 'joined') position = (parts[2] as { position: Position }).position;
			if (type === 'event' || type === 'snapshot') position = parts[1] as Position;
			if (type === 'gap') position = parts[2] as Position;
		}
		return position;
	}
}

interface Written {
	snapshot: Snapshot | undefined;
	entries: Entry[];
	head: Position;
}

/**
 * A log with the faults of real engines: its messages reach the watchers late, twice, or never, and
 * a failover loses messages that it had acknowledged.
 */
export class FaultyLog implements Log {
	readonly #host: Host;
	readonly #channels = new Map<ChannelKey, Written>();
	readonly #watchers = new Map<ChannelKey, Set<LogWatcher>>();
	#epoch: string;
	/** Deliveries that are held back. */
	#held: (() => void)[] | undefined;
	#isDown = false;
	/** Makes deliveries unreliable. */
	fault: (() => 'none' | 'lost' | 'twice') | undefined;
	/** Called for each message before anyone gets it. */
	onWrite: ((position: Position, previous: Position) => void) | undefined;

	constructor(host: Host) {
		this.#host = host;
		this.#epoch = host.random(8);
	}

	async append(channel: ChannelKey, entry: NewEntry, { size }: Retention): Promise<Position> {
		this.#checkUp();
		const written = this.#of(channel);
		const number = (readPosition(written.head)?.number ?? 0) + 1;
		const position = writePosition(this.#epoch, number, this.#host.random(6));
		const appended = { ...entry, position, previous: written.head };
		written.head = position;
		written.entries.push(appended);
		written.entries.splice(0, written.entries.length - size);
		this.onWrite?.(position, appended.previous);
		this.#deliver(channel, (watcher) => watcher.entry(appended));
		return position;
	}

	async after(channel: ChannelKey, position: Position, limit: number): Promise<Page> {
		this.#checkUp();
		const { entries, head } = this.#of(channel);
		const from = readPosition(position);
		if (from?.epoch !== this.#epoch) return { entries: [], head };
		const later = entries.filter(
			(entry) => (readPosition(entry.position)?.number ?? 0) > from.number,
		);
		return { entries: later.slice(0, limit), head };
	}

	async last(channel: ChannelKey, limit: number): Promise<Page> {
		this.#checkUp();
		const { snapshot, entries, head } = this.#of(channel);
		if (snapshot !== undefined && limit > 0) {
			return { snapshot, entries: entries.slice(0, limit), head };
		}
		return { entries: limit === 0 ? [] : entries.slice(-limit), head };
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		this.#checkUp();
		const written = this.#of(channel);
		const next = written.entries.findIndex(({ previous }) => previous === upTo);
		// An entry before the snapshot is no more there.
		if (next < 0 && upTo !== written.head) return false;
		written.entries = next < 0 ? [] : written.entries.slice(next);
		written.snapshot = { ...entry, position: upTo };
		return true;
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		this.#checkUp();
		this.#deliver(channel, (watcher) => watcher.cast(cast));
	}

	async watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		this.#checkUp();
		const watchers = this.#watchers.get(channel) ?? new Set();
		this.#watchers.set(channel, watchers.add(watcher));
		return () => {
			watchers.delete(watcher);
		};
	}

	/**
	 * A replica that lacks the newest messages of a channel becomes the log. It knows that there were
	 * earlier ones.
	 */
	failOver(channel: ChannelKey, lost: number): false {
		const written = this.#of(channel);
		const kept = written.entries.slice(0, Math.max(0, written.entries.length - lost));
		const [oldest] = written.entries;
		written.head = kept.at(-1)?.position ?? oldest?.previous ?? written.head;
		written.entries = kept;
		return false;
	}

	/** Everything is lost, as in a restart without data. */
	restart(): void {
		this.#channels.clear();
		this.#epoch = this.#host.random(8);
	}

	/** Forgets the watchers, as if their process had died. */
	dropWatchers(): void {
		this.#watchers.clear();
		this.#held = undefined;
	}

	/** Drops the kept messages, but no head. */
	trim(channel: ChannelKey): void {
		this.#of(channel).entries = [];
	}

	/** Holds deliveries back until `release()`. */
	hold(): void {
		this.#held ??= [];
	}

	release(): void {
		const held = this.#held ?? [];
		this.#held = undefined;
		for (const deliver of held) deliver();
	}

	/** Drops what is held back, and says that something may have been lost. */
	interrupt(): void {
		this.#held = undefined;
		for (const watchers of this.#watchers.values()) {
			for (const watcher of watchers) watcher.interrupted();
		}
	}

	/** Whether nothing is on its way, and the log is up. */
	get isQuiet(): boolean {
		return !this.#isDown && this.#held === undefined;
	}

	setDown(isDown: boolean): void {
		this.#isDown = isDown;
	}

	/** The kept messages of a channel. */
	entries(channel: ChannelKey): readonly Entry[] {
		return this.#of(channel).entries;
	}

	#checkUp(): void {
		if (!this.#isDown) return;
		throw new RealtimeError({ code: 'SERVICE_UNAVAILABLE', message: 'The log is down.' });
	}

	#of(channel: ChannelKey): Written {
		const known = this.#channels.get(channel);
		const written = known ?? { snapshot: undefined, entries: [], head: rootPosition(this.#epoch) };
		this.#channels.set(channel, written);
		return written;
	}

	#deliver(channel: ChannelKey, tell: (watcher: LogWatcher) => void): void {
		const fault = this.fault?.() ?? 'none';
		if (fault === 'lost') return;
		const deliver = (): void => {
			for (const watcher of [...(this.#watchers.get(channel) ?? [])]) tell(watcher);
		};
		for (const one of fault === 'twice' ? [deliver, deliver] : [deliver]) {
			if (this.#held === undefined) one();
			else this.#held.push(one);
		}
	}
}

/** The rules of a channel whose handler a test gives. */
export function rulesOf(
	handle: (message: ClientMessage, deadline: HandlerDeadline) => Promise<Data> = async () =>
		undefined,
	rules: Partial<ChannelRules> = {},
): ChannelRules {
	return {
		retention: { size: 100, ttl: 300 },
		keepsHistory: true,
		presence: undefined,
		ephemeral: [],
		idempotent: [],
		timeout: 30_000,
		handle: (message, deadline) => deadline.limit(() => handle(message, deadline)),
		onJoin: async () => {},
		onLeave: async () => {},
		...rules,
	};
}
