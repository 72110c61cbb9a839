import { afterReading } from '../process/after-reading.ts';
import { now } from '../process/clock.ts';

/** How many times within the interval there is a look at who is due. */
const LOOKS = 64;

/** Milliseconds between two looks. */
const MIN_PERIOD = 5;

/**
 * Visits each of many once within an interval, evenly spread over it: clients that came all at once
 * after a restart would otherwise be visited all at once for ever.
 */
export class Rotation<Item> {
	readonly #interval: number;
	readonly #visit: (item: Item) => void;
	readonly #clock: () => number;
	/** Who is due next comes first. */
	readonly #items: Set<Item> = new Set();
	#timer: NodeJS.Timeout | undefined;
	#lookedAt = 0;
	/** The part of a visit that is left over. */
	#due = 0;

	/** @param interval Milliseconds. */
	constructor(interval: number, visit: (item: Item) => void, clock: () => number = now) {
		this.#interval = interval;
		this.#visit = visit;
		this.#clock = clock;
	}

	/** The first visit is an interval later. */
	add(item: Item): void {
		this.#items.add(item);
		if (this.#timer !== undefined) return;
		this.#lookedAt = this.#clock();
		const period = Math.max(MIN_PERIOD, Math.floor(this.#interval / LOOKS));
		this.#timer = setInterval(() => afterReading(() => this.look()), period).unref();
	}

	delete(item: Item): void {
		if (this.#items.delete(item) && this.#items.size === 0) this.stop();
	}

	/** Visits nobody any more. */
	stop(): void {
		this.#items.clear();
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#due = 0;
	}

	/** Visits those who have become due since the last look. */
	look(): void {
		const time = this.#clock();
		this.#due += (this.#items.size * (time - this.#lookedAt)) / this.#interval;
		this.#lookedAt = time;
		// Where the process has slept nobody is visited twice for it.
		let visits = Math.min(Math.floor(this.#due), this.#items.size);
		this.#due = Math.min(this.#due - visits, 1);
		for (const item of this.#items) {
			if (visits === 0) break;
			visits--;
			this.#items.delete(item);
			this.#items.add(item);
			this.#visit(item);
		}
	}
}
