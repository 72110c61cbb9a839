import { now } from './clock.ts';
import { perProcess } from './per-process.ts';

/** Milliseconds between two looks at the clock. */
const PRECISION = 250;

/**
 * What time it was a moment ago, in whole milliseconds: others would each be a number on the heap.
 * To know since when a connection is idle that is enough, and for every message a look at the clock
 * would be too much.
 */
export class CoarseClock {
	now: number;
	readonly #clock: () => number;
	#timer: NodeJS.Timeout | undefined;

	constructor(clock: () => number = now) {
		this.#clock = clock;
		this.now = Math.round(clock());
	}

	/** Looks at the clock. */
	update(): number {
		this.now = Math.round(this.#clock());
		return this.now;
	}

	/** It goes while there are connections. */
	start(): void {
		this.update();
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
