/** Reading the clock costs more than counting, so tokens are taken in batches of 1/64 second. */
const CLOCK_READS_PER_SECOND = 64;

/** A monotonic clock in milliseconds. */
interface Clock {
	now(): number;
}

/**
 * A token bucket with a capacity of one second of messages. Tokens are taken in batches, so a burst
 * may exceed the capacity by 1/64.
 */
export class MessageRate {
	readonly #perSecond: number;
	readonly #clock: Clock;
	/** Tokens in the bucket. */
	#tokens: number;
	/** Time of the last refill. The bucket starts full. */
	#filledAt = 0;
	/** Unused tokens of the current batch. */
	#taken = 0;

	constructor(perSecond: number, clock: Clock = performance) {
		this.#perSecond = perSecond;
		this.#clock = clock;
		this.#tokens = perSecond;
	}

	/** Consumes a token if there is one. Returns whether the message is within the rate. */
	take(): boolean {
		if (this.#taken === 0) {
			const time = this.#clock.now();
			const earned = ((time - this.#filledAt) / 1000) * this.#perSecond;
			const tokens = Math.min(this.#perSecond, this.#tokens + earned);
			const batchSize = Math.max(1, this.#perSecond / CLOCK_READS_PER_SECOND);
			this.#filledAt = time;
			this.#taken = Math.floor(Math.min(tokens, batchSize));
			this.#tokens = tokens - this.#taken;
		}
		return this.#taken > 0 && this.#taken-- > 0;
	}
}
