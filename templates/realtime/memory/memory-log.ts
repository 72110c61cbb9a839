import { checkKeptSize } from '../channel/kept-size.ts';
import type { ChannelKey } from '../channel/key.ts';
import { isBefore } from '../channel/log/continuity.ts';
import { PageRoom } from '../channel/page-room.ts';
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
} from '../channel/ports.ts';
import {
	EPOCH_LENGTH,
	type Position,
	readPosition,
	rootPosition,
	TAG_LENGTH,
	writePosition,
} from '../channel/position.ts';
import { Recency, type Recent } from './recency.ts';
import { Watchers } from './watchers.ts';

/** Channels that are remembered. The quietest one is forgotten: its next resume is told a gap. */
const MAX_CHANNELS = 100_000;

/** The publishers' ids that a channel remembers, and for how long in milliseconds. */
const MAX_IDS = 1000;
const ID_LIFETIME = 120_000;

/** Channels that each new one lets the log look at, if there are too many. Some may be watched. */
const QUIET_CHANNELS = 8;

interface Kept extends Recent {
	readonly channel: ChannelKey;
	number: number;
	head: Position;
	/** Oldest first. */
	entries: Entry[];
	/** The index of the oldest entry that is still kept. */
	start: number;
	snapshot: Snapshot | undefined;
	/** Milliseconds for which entries are kept. */
	lifetime: number;
	/** Published positions by the publisher's id, oldest first. */
	readonly ids: Map<string, { readonly position: Position; readonly at: number }>;
}

/** The log of one process. It ends with the process, and its epoch with it. */
export class MemoryLog implements Log {
	readonly #host: Pick<Host, 'now' | 'random'>;
	readonly #epoch: string;
	readonly #kept = new Map<ChannelKey, Kept>();
	/** Channels in the order of their last message. */
	readonly #recent = new Recency<Kept>();
	/** Channels with entries. */
	readonly #swept = new Map<ChannelKey, Kept>();
	/**
	 * Where the next channel to sweep is looked for. The iterator goes on from call to call: a Map that
	 * was changed often takes long to find its first element.
	 */
	#sweeping: Iterator<[ChannelKey, Kept]> = this.#swept.entries();
	readonly #watchers = new Watchers<LogWatcher>();

	constructor(host: Pick<Host, 'now' | 'random'>) {
		this.#host = host;
		this.#epoch = host.random(EPOCH_LENGTH);
	}

	async append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		checkKeptSize(entry);
		const kept = this.#take(channel);
		this.#expire(kept);
		const known = entry.id === undefined ? undefined : kept.ids.get(entry.id);
		if (known !== undefined) return known.position;
		const previous = kept.head;
		kept.number++;
		const position = writePosition(this.#epoch, kept.number, this.#host.random(TAG_LENGTH));
		const appended = { ...entry, position, previous };
		kept.head = position;
		kept.lifetime = retention.ttl * 1000;
		if (entry.id !== undefined) kept.ids.set(entry.id, { position, at: this.#host.now() });
		if (retention.size > 0) {
			kept.entries.push(appended);
			this.#swept.set(channel, kept);
		}
		trim(kept, retention.size);
		this.#sweep();
		for (const watcher of this.#watchers.of(channel)) watcher.entry(appended);
		return position;
	}

	async after(channel: ChannelKey, position: Position, limit?: number): Promise<Page> {
		const kept = this.#kept.get(channel);
		if (kept === undefined) return { entries: [], head: rootPosition(this.#epoch) };
		this.#expire(kept);
		const { entries, head, start } = kept;
		const from = readPosition(position);
		const first = entries[start] && readPosition(entries[start].position);
		if (from?.epoch !== this.#epoch || first === undefined) return { entries: [], head };
		const index = start + Math.max(0, from.number + 1 - first.number);
		return { entries: part(entries, index, limit), head };
	}

	async last(channel: ChannelKey, count: number, limit?: number): Promise<Page> {
		const kept = this.#kept.get(channel);
		if (kept === undefined) return { entries: [], head: rootPosition(this.#epoch) };
		this.#expire(kept);
		const { entries, head, snapshot, start } = kept;
		if (snapshot !== undefined && count > 0) {
			return { ...(await this.after(channel, snapshot.position, limit)), snapshot };
		}
		return { entries: part(entries, Math.max(start, entries.length - count), limit), head };
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		checkKeptSize(entry);
		const kept = this.#take(channel);
		this.#expire(kept);
		if (kept.snapshot !== undefined && isBefore(upTo, kept.snapshot.position)) return false;
		// Entries of before the snapshot stand for nothing any more.
		const next = kept.entries.findIndex(
			({ previous }, index) => index >= kept.start && previous === upTo,
		);
		if (next < 0 && upTo !== kept.head) return false;
		kept.start = next < 0 ? kept.entries.length : next;
		compact(kept);
		kept.snapshot = { ...entry, position: upTo };
		return true;
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		for (const watcher of this.#watchers.of(channel)) watcher.cast(cast);
	}

	async watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		return this.#watchers.add(channel, watcher);
	}

	/** The channel's part of the log, as the one that was used last. */
	#take(channel: ChannelKey): Kept {
		const known = this.#kept.get(channel);
		const kept: Kept = known ?? {
			channel,
			older: undefined,
			newer: undefined,
			number: 0,
			head: rootPosition(this.#epoch),
			entries: [],
			start: 0,
			snapshot: undefined,
			lifetime: 0,
			ids: new Map(),
		};
		this.#recent.use(kept);
		if (known === undefined) {
			this.#kept.set(channel, kept);
			this.#forgetQuiet();
		}
		return kept;
	}

	/** Forgets the quietest channels that nobody watches, if there are too many. */
	#forgetQuiet(): void {
		for (let left = QUIET_CHANNELS; left > 0 && this.#kept.size > MAX_CHANNELS; left--) {
			const { oldest } = this.#recent;
			if (oldest === undefined) return;
			if (this.#watchers.has(oldest.channel)) this.#recent.use(oldest);
			else {
				this.#recent.remove(oldest);
				this.#kept.delete(oldest.channel);
				this.#swept.delete(oldest.channel);
			}
		}
	}

	/**
	 * Frees what has expired in the next channel, which nobody may ask for. A message adds one entry,
	 * so one channel is enough.
	 */
	#sweep(): void {
		const next = this.#sweeping.next();
		if (next.done) {
			this.#sweeping = this.#swept.entries();
			return;
		}
		const [channel, kept] = next.value;
		this.#expire(kept);
		if (kept.entries.length === 0) this.#swept.delete(channel);
	}

	#expire(kept: Kept): void {
		const now = this.#host.now();
		while ((kept.entries[kept.start]?.at ?? Number.POSITIVE_INFINITY) <= now - kept.lifetime) {
			kept.start++;
		}
		compact(kept);
		for (const [id, { at }] of kept.ids) {
			if (at > now - ID_LIFETIME && kept.ids.size <= MAX_IDS) break;
			kept.ids.delete(id);
		}
	}
}

/** The entries from an index on: a number of them, or a page. */
function part(entries: readonly Entry[], start: number, limit: number | undefined): Entry[] {
	const room = new PageRoom(limit);
	let end = start;
	for (let entry = entries[end]; entry !== undefined && room.take(entry); entry = entries[end])
		end++;
	return entries.slice(start, end);
}

function trim(kept: Kept, size: number): void {
	kept.start = Math.max(kept.start, kept.entries.length - size);
	compact(kept);
}

/** Frees dropped entries once they are half of the list, so that a message costs constant time. */
function compact(kept: Kept): void {
	if (kept.start === 0 || kept.start * 2 < kept.entries.length) return;
	kept.entries = kept.entries.slice(kept.start);
	kept.start = 0;
}
