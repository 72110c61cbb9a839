import { RealtimeError } from '../protocol/errors.ts';
import type { ChannelKey } from './key.ts';
import type {
	Cast,
	Entry,
	Host,
	Log,
	LogWatcher,
	NewEntry,
	Page,
	Retention,
	Snapshot,
	Unwatch,
} from './ports.ts';
import { type Position, readPosition, rootPosition, writePosition } from './position.ts';

/** Entries of a page. Few, so that members read on. */
const PAGE = 3;

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

	async after(channel: ChannelKey, position: Position, limit: number = PAGE): Promise<Page> {
		this.#checkUp();
		const { entries, head } = this.#of(channel);
		const from = readPosition(position);
		if (from?.epoch !== this.#epoch) return { entries: [], head };
		const later = entries.filter(
			(entry) => (readPosition(entry.position)?.number ?? 0) > from.number,
		);
		return { entries: later.slice(0, limit), head };
	}

	async last(channel: ChannelKey, count: number, limit: number = PAGE): Promise<Page> {
		this.#checkUp();
		const { snapshot, entries, head } = this.#of(channel);
		if (snapshot !== undefined && count > 0) {
			return { snapshot, entries: entries.slice(0, limit), head };
		}
		return { entries: count === 0 ? [] : entries.slice(-count).slice(0, limit), head };
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
