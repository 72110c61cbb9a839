import { afterReading } from '../../process/after-reading.ts';
import { now } from '../../process/clock.ts';

/** The number of checks within the interval. */
const CHECKS = 64;

/** The minimum of milliseconds between two checks. */
const MIN_PERIOD = 5;

/**
 * Visits each item once per interval, evenly spread. Otherwise, clients that all reconnected after
 * a restart would always be visited at the same time.
 */
export class Rotation<Item> {
	readonly #interval: number;
	readonly #visit: (item: Item) => void;
	readonly #clock: () => number;
	/** The next due item comes first. */
	readonly #items: Set<Item> = new Set();
	#timer: NodeJS.Timeout | undefined;
	#checkedAt = 0;
	/** The fraction of a visit carried over. */
	#due = 0;

	/** @param interval Milliseconds. */
	constructor(interval: number, visit: (item: Item) => void, clock: () => number = now) {
		this.#interval = interval;
		this.#visit = visit;
		this.#clock = clock;
	}

	/** Adds an item. Its first visit is due after one interval. */
	add(item: Item): void {
		this.#items.add(item);
		if (this.#timer !== undefined) return;
		this.#checkedAt = this.#clock();
		const period = Math.max(MIN_PERIOD, Math.floor(this.#interval / CHECKS));
		this.#timer = setInterval(() => afterReading(() => this.look()), period).unref();
	}

	delete(item: Item): void {
		if (this.#items.delete(item) && this.#items.size === 0) this.stop();
	}

	/** Removes all items. */
	stop(): void {
		this.#items.clear();
		clearInterval(this.#timer);
		this.#timer = undefined;
		this.#due = 0;
	}

	/** Visits the items that became due since the last call. */
	look(): void {
		const time = this.#clock();
		this.#due += (this.#items.size * (time - this.#checkedAt)) / this.#interval;
		this.#checkedAt = time;
		// After a sleep of the process, no item is visited twice.
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
