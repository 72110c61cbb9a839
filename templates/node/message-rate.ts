/** A token bucket that holds the messages of one second. */
export class MessageRate {
	readonly #perSecond: number;
	readonly #now: () => number;
	#tokens: number;
	#filledAt: number;

	/** @param now A clock that never goes back, in milliseconds. */
	constructor(perSecond: number, now: () => number = () => performance.now()) {
		this.#perSecond = perSecond;
		this.#now = now;
		this.#tokens = perSecond;
		this.#filledAt = now();
	}

	/** Whether one more message is within the rate. */
	take(): boolean {
		const now = this.#now();
		const earned = ((now - this.#filledAt) / 1000) * this.#perSecond;
		this.#filledAt = now;
		this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
}
