import { now } from './clock.ts';
import { perProcess } from './per-process.ts';

/** Milliseconds between two looks at the clock. */
const PRECISION = 250;

/** Milliseconds without a look, beyond which the process was stalled. */
const STALL = 4 * PRECISION;

/**
 * What time it was a moment ago, in whole milliseconds: others would each be a number on the heap.
 * To know since when a connection is idle that is enough, and for every message a look at the clock
 * would be too much.
 */
export class CoarseClock {
	now: number;
	readonly #clock: () => number;
	#timer: NodeJS.Timeout | undefined;
	#stalledAt: number | undefined;
	#resumedAt = 0;

	constructor(clock: () => number = now) {
		this.#clock = clock;
		this.now = Math.round(clock());
	}

	/** Looks at the clock. */
	update(): number {
		const time = Math.round(this.#clock());
		if (time - this.now > STALL) {
			this.#stalledAt = this.now;
			this.#resumedAt = time;
		}
		this.now = time;
		return time;
	}

	/**
	 * Milliseconds since the activity of this time. After a stall of the process messages are read
	 * before the next look at the clock, and still get the time of the last one: they count as of
	 * the end of the stall.
	 */
	idleSince(activeAt: number): number {
		return this.update() - (activeAt === this.#stalledAt ? this.#resumedAt : activeAt);
	}

	/** It goes while there are connections. */
	start(): void {
		this.now = Math.round(this.#clock());
		this.#timer ??= setInterval(() => this.update(), PRECISION).unref();
	}

	stop(): void {
		clearInterval(this.#timer);
		this.#timer = undefined;
	}
}

/** The clock of this process. */
export function coarseClock(): CoarseClock {
	return perProcess('clock', () => new CoarseClock());
}
