/** Looking at the clock costs more than counting: it is done for every so many of them at once. */
const LOOKS_PER_SECOND = 64;

/** What tells the time, in milliseconds, and never goes back. */
interface Clock {
	now(): number;
}

/**
 * A token bucket that holds the messages of one second. Tokens are taken out of it some at a time,
 * so that a sixty-fourth more of them may be used at once.
 */
export class MessageRate {
	readonly #perSecond: number;
	readonly #clock: Clock;
	/** What is in the bucket. */
	#tokens: number;
	/** When it was filled last: it is full at first. */
	#filledAt = 0;
	/** What was taken out and is not used yet. */
	#taken = 0;

	constructor(perSecond: number, clock: Clock = performance) {
		this.#perSecond = perSecond;
		this.#clock = clock;
		this.#tokens = perSecond;
	}

	/** Whether one more message is within the rate. */
	take(): boolean {
		if (this.#taken === 0) {
			const time = this.#clock.now();
			const earned = ((time - this.#filledAt) / 1000) * this.#perSecond;
			const tokens = Math.min(this.#perSecond, this.#tokens + earned);
			const most = Math.max(1, this.#perSecond / LOOKS_PER_SECOND);
			this.#filledAt = time;
			this.#taken = Math.floor(Math.min(tokens, most));
			this.#tokens = tokens - this.#taken;
		}
		return this.#taken > 0 && this.#taken-- > 0;
	}
}
