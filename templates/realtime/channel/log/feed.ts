import { dropOldest } from '../drop-oldest.ts';
import type { ChannelKey } from '../key.ts';
import { ECHO_TIMEOUT, LOG_RETRY, REMEMBERED_POSITIONS } from '../limits.ts';
import type {
	ChannelFeed,
	Entry,
	FeedInit,
	FeedReceiver,
	Ports,
	Retention,
	Unwatch,
} from '../ports.ts';
import type { Position } from '../position.ts';
import { startOnce } from '../start-once.ts';
import { gapBetween, isBefore, pageAfter } from './continuity.ts';

/** Entries that may wait while the log is read. The log has them too, so the rest is read again. */
const MAX_WAITING = 1000;

interface Waiter {
	readonly position: Position;
	readonly resolve: () => void;
}

/** A feed of an engine that may lose messages on their way to this process. */
export function followLog(init: FeedInit): ChannelFeed {
	return new Feed(init);
}

/**
 * Follows the log of a channel in this process. An entry is delivered only if the one before it was.
 * After any doubt the feed reads the log from its own head on.
 */
class Feed implements ChannelFeed {
	readonly open: () => Promise<void> = startOnce(() => this.#open());
	reads = 0;
	readonly #key: ChannelKey;
	readonly #ports: Ports;
	readonly #retention: () => Retention;
	readonly #receiver: FeedReceiver;
	#head: Position | undefined;
	#unwatch: Unwatch | undefined;
	/** Entries that arrived while the log is read. Undefined while the feed is up to date. */
	#waiting: Entry[] | undefined = [];
	/** Whether the log has to be read once more: entries may be missing since it was asked. */
	#isStale = false;
	/** The newest delivered positions, the head last. */
	#recent = new Set<Position>();
	#waiters = new Set<Waiter>();
	#cancelRetry: (() => void) | undefined;
	#isClosed = false;

	constructor(init: FeedInit) {
		this.#key = init.key;
		this.#ports = init.ports;
		this.#retention = init.retention;
		this.#receiver = init.receiver;
	}

	get head(): Position | undefined {
		return this.#head;
	}

	close(): void {
		this.#isClosed = true;
		this.#cancelRetry?.();
		this.#unwatch?.();
		for (const { resolve } of this.#waiters) resolve();
		this.#waiters.clear();
	}

	passed(position: Position): Promise<void> | undefined {
		return this.#recent.has(position) ? undefined : this.#untilPassed(position);
	}

	/**
	 * If it takes too long, the feed reads the log; if that takes too long, the engine has an outage,
	 * and the promise resolves all the same. An entry from before those that it knows may also be a new
	 * one, of a log that was rewritten: the feed reads at once.
	 */
	async #untilPassed(position: Position): Promise<void> {
		if (!this.#hasPassed(position) && (await this.#isToldInTime(position))) return;
		const told = this.#isToldInTime(position);
		this.#catchUp();
		await told;
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
			this.#isStale = true;
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
		dropOldest(this.#recent, REMEMBERED_POSITIONS);
	}

	/** Goes on elsewhere. What the log had before may have been lost with the numbers of its entries. */
	#jumpTo(position: Position): void {
		this.#recent.clear();
		this.#moveTo(position);
	}

	#catchUp(): void {
		this.#ports.host.waitUntil(this.readAgain());
	}

	async readAgain(): Promise<void> {
		const isReading = this.#waiting !== undefined && this.#cancelRetry === undefined;
		if (this.#head === undefined || this.#isClosed) return;
		this.#isStale = isReading;
		if (isReading) return;
		this.#waiting ??= [];
		await this.#readOn();
	}

	async #readOn(): Promise<void> {
		const { log, host } = this.#ports;
		// Those whose entry the log had, or had lost, when it was read last.
		let early: readonly Waiter[] = [];
		this.#cancelRetry?.();
		this.#cancelRetry = undefined;
		try {
			while (this.#head !== undefined && !this.#isClosed) {
				this.#isStale = false;
				early = [...this.#waiters];
				const retention = this.#retention();
				const page = await pageAfter(log, this.#key, this.#head, retention);
				if (this.#isClosed) return;
				const { snapshot } = page;
				if (snapshot !== undefined) {
					this.#jumpTo(snapshot.position);
					this.#receiver.snapshot(snapshot, page.head);
				}
				const reason = gapBetween(this.#head, page, retention);
				if (reason !== undefined) {
					this.#jumpTo(page.head);
					this.#receiver.gap(reason);
					if (reason === 'restarted') this.#distrustWaiting();
				} else for (const entry of page.entries) this.#deliver(entry);
				if (this.#head === page.head && !this.#isStale) break;
			}
			this.#takeWaiting();
			this.reads++;
			this.#receiver.caughtUp();
			// What the log does not have is lost.
			if (this.#waiting === undefined) for (const { resolve } of early) resolve();
		} catch (error) {
			host.report('A realtime channel cannot read its log', error);
			this.#cancelRetry = host.alarm(LOG_RETRY, () => host.waitUntil(this.#readOn()));
		}
	}

	/** What waits may be from before the log lost its end. The log is read once more instead. */
	#distrustWaiting(): void {
		this.#waiting = [];
		this.#isStale = true;
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
