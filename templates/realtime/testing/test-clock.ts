import type { Clock } from '../client/base/clock.ts';
import { LONGEST_TIMER } from '../server/limits.ts';
import { settle } from './wait.ts';

interface Timer {
	readonly at: number;
	readonly callback: () => void;
}

/** A clock that a test moves. Nothing happens by itself that waits for time. */
export class TestClock implements Clock {
	readonly #timers = new Set<Timer>();
	/** Milliseconds that have passed. */
	#elapsed = 0;
	#offset: number;

	/** @param start Milliseconds since 1970. Default: now. */
	constructor(start: number = Date.now()) {
		this.#offset = start;
	}

	now(): number {
		return this.#offset + this.#elapsed;
	}

	after(milliseconds: number, callback: () => void): () => void {
		const timer = { at: this.#elapsed + milliseconds, callback };
		this.#timers.add(timer);
		return () => {
			this.#timers.delete(timer);
		};
	}

	/** Lets time pass, and resolves when everything has happened that was due. */
	async advance(milliseconds: number): Promise<void> {
		if (!(milliseconds >= 0)) throw new RangeError('advance() takes milliseconds from 0 on.');
		const end = this.#elapsed + milliseconds;
		await settle();
		for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
			this.#timers.delete(next);
			this.#elapsed = Math.max(this.#elapsed, next.at);
			next.callback();
			await settle();
		}
		this.#elapsed = end;
	}

	/**
	 * Sets the clock forward, or back, as after a correction of the machine's clock: no time passes,
	 * so nothing is due.
	 */
	jump(milliseconds: number): void {
		this.#offset += milliseconds;
	}

	/** The first timer until a time. Of several at once the oldest. */
	#next(end: number): Timer | undefined {
		let first: Timer | undefined;
		for (const timer of this.#timers) {
			if (timer.at <= end && (first === undefined || timer.at < first.at)) first = timer;
		}
		return first;
	}
}

/**
 * The machine's clock. It looks the timers up at each call, because tests replace them, and goes by
 * them alone for the same reason.
 */
export const machineClock: Clock = {
	now: () => Date.now(),
	after(milliseconds, callback) {
		let timer: unknown;
		const wait = (left: number): void => {
			const next = Math.min(left, LONGEST_TIMER);
			timer = setTimeout(() => (next === left ? callback() : wait(left - next)), next);
			// A test that forgot to close a site ends all the same.
			(timer as { unref?(): void }).unref?.();
		};
		wait(milliseconds);
		return () => clearTimeout(timer as number);
	},
};
