import { FaultyDelivery } from './faulty-delivery.fixture.ts';
import type { ChannelKey } from './key.ts';
import type { Cast, Entry, Host, Log, NewEntry, Page, Retention, Snapshot } from './ports.ts';
import { type Position, readPosition, rootPosition, writePosition } from './position.ts';

/** Entries of a page. Few, so that members read on. */
const PAGE = 3;

interface Written {
	snapshot: Snapshot | undefined;
	entries: Entry[];
	head: Position;
}

/** A log in memory. A failover loses messages that it had acknowledged. */
export class FaultyLog extends FaultyDelivery implements Log {
	readonly #host: Host;
	readonly #channels = new Map<ChannelKey, Written>();
	#epoch: string;
	/** Called for each message before anyone gets it. */
	onWrite: ((position: Position, previous: Position) => void) | undefined;

	constructor(host: Host) {
		super();
		this.#host = host;
		this.#epoch = host.random(8);
	}

	async append(channel: ChannelKey, entry: NewEntry, { size }: Retention): Promise<Position> {
		this.checkUp();
		const written = this.#of(channel);
		const number = (readPosition(written.head)?.number ?? 0) + 1;
		const position = writePosition(this.#epoch, number, this.#host.random(6));
		const appended = { ...entry, position, previous: written.head };
		written.head = position;
		written.entries.push(appended);
		written.entries.splice(0, written.entries.length - size);
		this.onWrite?.(position, appended.previous);
		this.deliver(channel, (watcher) => watcher.entry(appended));
		return position;
	}

	async after(channel: ChannelKey, position: Position, limit: number = PAGE): Promise<Page> {
		this.checkUp();
		const { entries, head } = this.#of(channel);
		const from = readPosition(position);
		if (from?.epoch !== this.#epoch) return { entries: [], head };
		const later = entries.filter(
			(entry) => (readPosition(entry.position)?.number ?? 0) > from.number,
		);
		return { entries: later.slice(0, limit), head };
	}

	async last(channel: ChannelKey, count: number, limit: number = PAGE): Promise<Page> {
		this.checkUp();
		const { snapshot, entries, head } = this.#of(channel);
		if (snapshot !== undefined && count > 0) {
			return { snapshot, entries: entries.slice(0, limit), head };
		}
		return { entries: count === 0 ? [] : entries.slice(-count).slice(0, limit), head };
	}

	async snapshot(channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		this.checkUp();
		const written = this.#of(channel);
		const next = written.entries.findIndex(({ previous }) => previous === upTo);
		// An entry before the snapshot is no more there.
		if (next < 0 && upTo !== written.head) return false;
		written.entries = next < 0 ? [] : written.entries.slice(next);
		written.snapshot = { ...entry, position: upTo };
		return true;
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		this.checkUp();
		this.deliver(channel, (watcher) => watcher.cast(cast));
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

	/** Drops the kept messages, but no head. */
	trim(channel: ChannelKey): void {
		this.#of(channel).entries = [];
	}

	/** Drops what is held back, and says that something may have been lost. */
	interrupt(): void {
		this.dropHeld();
		this.tellInterruption();
	}

	/** Whether nothing is on its way, and the log is up. */
	get isQuiet(): boolean {
		return this.isClear;
	}

	/** The kept messages of a channel. */
	entries(channel: ChannelKey): readonly Entry[] {
		return this.#of(channel).entries;
	}

	#of(channel: ChannelKey): Written {
		const known = this.#channels.get(channel);
		const written = known ?? { snapshot: undefined, entries: [], head: rootPosition(this.#epoch) };
		this.#channels.set(channel, written);
		return written;
	}
}
