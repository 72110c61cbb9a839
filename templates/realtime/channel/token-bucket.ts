/** A token bucket whose time is handed in. */
export class TokenBucket {
	readonly #perSecond: number;
	readonly #capacity: number;
	#tokens: number;
	#filledAt: number;

	/** @param now Milliseconds of any clock. */
	constructor(perSecond: number, capacity: number, now: number) {
		this.#perSecond = perSecond;
		this.#capacity = capacity;
		this.#tokens = capacity;
		this.#filledAt = now;
	}

	/** Takes tokens if there are enough. Returns 0, or the milliseconds until there are. */
	take(now: number, count = 1): number {
		const earned = (Math.max(0, now - this.#filledAt) / 1000) * this.#perSecond;
		this.#filledAt = now;
		this.#tokens = Math.min(this.#capacity, this.#tokens + earned);
		if (this.#tokens >= count) {
			this.#tokens -= count;
			return 0;
		}
		return Math.ceil(((count - this.#tokens) / this.#perSecond) * 1000);
	}

	/** Takes tokens also if there are too few. The next ones fill the debt first. */
	charge(count: number): void {
		this.#tokens = Math.max(-this.#capacity, this.#tokens - count);
	}

	/** Whether the bucket is as good as a new one. */
	isFull(now: number): boolean {
		const earned = ((now - this.#filledAt) / 1000) * this.#perSecond;
		return this.#tokens + earned >= this.#capacity;
	}
}
