import { now } from './clock.ts';

/** A token bucket that holds the messages of one second. */
export class MessageRate {
	readonly #perSecond: number;
	readonly #clock: () => number;
	#tokens: number;
	#filledAt: number;

	constructor(perSecond: number, clock: () => number = now) {
		this.#perSecond = perSecond;
		this.#clock = clock;
		this.#tokens = perSecond;
		this.#filledAt = clock();
	}

	/** Whether one more message is within the rate. */
	take(): boolean {
		const time = this.#clock();
		const earned = ((time - this.#filledAt) / 1000) * this.#perSecond;
		this.#filledAt = time;
		this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
		if (this.#tokens < 1) return false;
		this.#tokens -= 1;
		return true;
	}
}
