import type { GapReason } from '../protocol/server-frames.ts';
import { gapBetween, isBefore } from './continuity.ts';
import type { ChannelKey } from './key.ts';
import { ECHO_TIMEOUT, LOG_RETRY, PAGE_SIZE, REMEMBERED_POSITIONS } from './limits.ts';
import type { Cast, Entry, Ports, Retention, Unwatch } from './ports.ts';
import type { Position } from './position.ts';

/** What a feed delivers to its channel, in the order of the log. */
export interface FeedReceiver {
	/** The next entry. The head of the feed is its position already. */
	entry(entry: Entry): void;
	cast(cast: Cast): void;
	/** Entries are missing for good. The head of the feed is after them. */
	gap(reason: GapReason): void;
}

/** Entries that may wait while the log is read. The log has them too, so the rest is read again. */
const MAX_WAITING = 1000;

interface Waiter {
	readonly position: Position;
	readonly resolve: () => void;
}

/**
 * Follows the log of a channel in this process. An entry is delivered only if the one before it was.
 * After any doubt the feed reads the log from its own head on.
 */
export class Feed {
	readonly #key: ChannelKey;
	readonly #ports: Ports;
	readonly #retention: () => Retention;
	readonly #receiver: FeedReceiver;
	#head: Position | undefined;
	#opening: Promise<void> | undefined;
	#unwatch: Unwatch | undefined;
	/** Entries that arrived while the log is read. Undefined while the feed is up to date. */
	#waiting: Entry[] | undefined = [];
	/** Whether entries had to be dropped from `#waiting`. */
	#hasDropped = false;
	/** The newest delivered positions, the head last. */
	#recent = new Set<Position>();
	#waiters = new Set<Waiter>();
	#cancelRetry: (() => void) | undefined;
	#isClosed = false;

	constructor(init: {
		readonly key: ChannelKey;
		readonly ports: Ports;
		readonly retention: () => Retention;
		readonly receiver: FeedReceiver;
	}) {
		this.#key = init.key;
		this.#ports = init.ports;
		this.#retention = init.retention;
		this.#receiver = init.receiver;
	}

	/** The position of the newest delivered entry, once the feed is open. */
	get head(): Position | undefined {
		return this.#head;
	}

	/**
	 * Begins to follow the log at its head.
	 *
	 * @throws the error of the engine. The next call tries again.
	 */
	open(): Promise<void> {
		this.#opening ??= this.#open().catch((error: unknown) => {
			this.#opening = undefined;
			throw error;
		});
		return this.#opening;
	}

	close(): void {
		this.#isClosed = true;
		this.#cancelRetry?.();
		this.#unwatch?.();
		for (const { resolve } of this.#waiters) resolve();
		this.#waiters.clear();
	}

	/**
	 * Resolves when an entry was delivered, or is lost. If it takes too long, the feed reads the log;
	 * if that takes too long, the engine has an outage, and the promise resolves all the same.
	 */
	async passed(position: Position): Promise<void> {
		if (this.#hasPassed(position) || (await this.#isToldInTime(position))) return;
		this.#catchUp();
		await this.#isToldInTime(position);
	}

	#isToldInTime(position: Position): Promise<boolean> {
		return new Promise((resolve) => {
			const end = (isTold: boolean): void => {
				cancel();
				this.#waiters.delete(waiter);
				resolve(isTold);
			};
			const waiter = { position, resolve: () => end(true) };
			const cancel = this.#ports.host.alarm(ECHO_TIMEOUT, () => end(false));
			this.#waiters.add(waiter);
		});
	}

	async #open(): Promise<void> {
		const { log } = this.#ports;
		const unwatch = await log.watch(this.#key, {
			entry: (entry) => this.#arrived(entry),
			cast: (cast) => this.#receiver.cast(cast),
			interrupted: () => this.#catchUp(),
		});
		if (this.#isClosed) return unwatch();
		try {
			const { head } = await log.last(this.#key, 0);
			this.#moveTo(head);
		} catch (error) {
			unwatch();
			throw error;
		}
		if (this.#isClosed) return unwatch();
		this.#unwatch = unwatch;
		this.#takeWaiting();
	}

	#arrived(entry: Entry): void {
		if (this.#waiting === undefined) this.#take(entry);
		else if (this.#waiting.length < MAX_WAITING) this.#waiting.push(entry);
		else {
			this.#waiting.length = 0;
			this.#hasDropped = true;
		}
	}

	#take(entry: Entry): void {
		if (entry.previous === this.#head) this.#deliver(entry);
		else if (!this.#recent.has(entry.position)) this.#catchUp();
	}

	#deliver(entry: Entry): void {
		this.#moveTo(entry.position);
		this.#receiver.entry(entry);
		for (const { position, resolve } of this.#waiters) if (this.#hasPassed(position)) resolve();
	}

	#moveTo(position: Position): void {
		this.#head = position;
		this.#recent.add(position);
		if (this.#recent.size <= REMEMBERED_POSITIONS) return;
		for (const oldest of this.#recent) {
			this.#recent.delete(oldest);
			break;
		}
	}

	/** Reads the log from the head of the feed on, unless that is under way. */
	#catchUp(): void {
		if (this.#head === undefined || this.#waiting !== undefined || this.#isClosed) return;
		this.#waiting = [];
		this.#ports.host.waitUntil(this.#readOn());
	}

	async #readOn(): Promise<void> {
		const { log, host } = this.#ports;
		try {
			while (this.#head !== undefined && !this.#isClosed) {
				this.#hasDropped = false;
				const page = await log.after(this.#key, this.#head, PAGE_SIZE);
				if (this.#isClosed) return;
				const reason = gapBetween(this.#head, page, this.#retention());
				if (reason !== undefined) {
					this.#moveTo(page.head);
					this.#receiver.gap(reason);
				} else for (const entry of page.entries) this.#deliver(entry);
				if (this.#head === page.head && !this.#hasDropped) break;
			}
			this.#takeWaiting();
			// What the log does not have is lost.
			if (this.#waiting === undefined) for (const { resolve } of this.#waiters) resolve();
		} catch (error) {
			host.report('A realtime channel cannot read its log', error);
			this.#cancelRetry = host.alarm(LOG_RETRY, () => host.waitUntil(this.#readOn()));
		}
	}

	/** Takes what arrived meanwhile. Entries up to the head were read from the log. */
	#takeWaiting(): void {
		const waiting = this.#waiting ?? [];
		this.#waiting = undefined;
		for (const [index, entry] of waiting.entries()) {
			if (this.#hasPassed(entry.position)) continue;
			this.#take(entry);
			// The log is read again, and what still waits with it.
			if (this.#waiting !== undefined) {
				for (const later of waiting.slice(index + 1)) this.#arrived(later);
				return;
			}
		}
	}

	/**
	 * Whether an entry was delivered, or stands before those that were. After a failover another
	 * entry may have its number.
	 */
	#hasPassed(position: Position): boolean {
		if (this.#recent.has(position)) return true;
		for (const oldest of this.#recent) return isBefore(position, oldest);
		return false;
	}
}
