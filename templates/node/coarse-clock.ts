import { now } from '../shared/clock.ts';

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

/** One for all instances of this module: connections are made by one, and looked at by another. */
const CLOCK: unique symbol = Symbol.for('astro.websocket.clock');

interface Shared {
	[CLOCK]?: CoarseClock;
}

/** The clock of this process. */
export function coarseClock(): CoarseClock {
	const shared: typeof globalThis & Shared = globalThis;
	shared[CLOCK] ??= new CoarseClock();
	return shared[CLOCK];
}
