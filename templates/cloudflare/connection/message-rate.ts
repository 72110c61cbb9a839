/**
 * A token bucket with a capacity of one second of messages. It reads the clock for every message.
 * That is cheap in a Worker, whose clock stands still while it runs, and takes less code than on
 * Node.
 */
export class MessageRate {
	readonly #perSecond: number;
	#tokens: number;
	#filledAt = 0;

	constructor(perSecond: number) {
		this.#perSecond = perSecond;
		this.#tokens = perSecond;
	}

	/** Consumes a token if there is one. Returns whether the message is within the rate. */
	take(): boolean {
		const time = performance.now();
		const earned = ((time - this.#filledAt) / 1000) * this.#perSecond;
		this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
		this.#filledAt = time;
		return this.#tokens >= 1 && this.#tokens-- > 0;
	}
}
