import { now } from './clock.ts';

/** Looking at the clock costs more than counting: it is done for every so many of them at once. */
const LOOKS_PER_SECOND = 64;

/**
 * A token bucket that holds the messages of one second. Tokens are taken out of it some at a time,
 * so that a sixty-fourth more of them may be used at once.
 */
export class MessageRate {
	readonly #perSecond: number;
	readonly #clock: () => number;
	/** What is in the bucket. */
	#tokens: number;
	#filledAt: number;
	/** What was taken out and is not used yet. */
	#taken = 0;

	constructor(perSecond: number, clock: () => number = now) {
		this.#perSecond = perSecond;
		this.#clock = clock;
		this.#tokens = perSecond;
		this.#filledAt = clock();
	}

	/** Whether one more message is within the rate. */
	take(): boolean {
		if (this.#taken === 0) this.#refill();
		if (this.#taken === 0) return false;
		this.#taken -= 1;
		return true;
	}

	#refill(): void {
		const time = this.#clock();
		const earned = ((time - this.#filledAt) / 1000) * this.#perSecond;
		this.#filledAt = time;
		this.#tokens = Math.min(this.#perSecond, this.#tokens + earned);
		const most = Math.max(1, Math.floor(this.#perSecond / LOOKS_PER_SECOND));
		this.#taken = Math.min(Math.floor(this.#tokens), most);
		this.#tokens -= this.#taken;
	}
}
