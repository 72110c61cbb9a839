import { now } from './clock.ts';
import { perProcess } from './per-process.ts';

/** Milliseconds between two updates. */
const PRECISION = 250;

/** Milliseconds without an update after which the process counts as stalled. */
const STALL = 4 * PRECISION;

/**
 * A cached clock in whole milliseconds; a fraction would be a separate number on the heap for each
 * connection. It is precise enough for idle times, while reading the clock for every message costs
 * too much.
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

	/** Reads the clock. */
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
	 * Milliseconds since an activity at the given time. Messages read after a stall of the process,
	 * and before the next update, still get the time before the stall. They count from its end.
	 */
	idleSince(activeAt: number): number {
		return this.update() - (activeAt === this.#stalledAt ? this.#resumedAt : activeAt);
	}

	/** Starts the updates. They run while there are connections. */
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
