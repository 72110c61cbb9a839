import { FIRST_RETRY, LONGEST_RETRY } from './limits.ts';

/** What a failure tells of the next try. */
export interface Failure {
	/** Nothing changes until somebody acts. */
	readonly isFinal?: boolean;
	/** The server took the connection, and could not be used: that is no better than no connection. */
	readonly isUseless?: boolean;
}

/**
 * When to try again to connect: at random times, so that many processes do not come at once, and
 * more rarely each time.
 */
export class Retries {
	readonly #random: () => number;
	/** The longest time of the last wait. */
	#longest = 0;
	/** The same before the connection. */
	#before = 0;

	/** @param random A number from 0 to 1. */
	constructor(random: () => number) {
		this.#random = random;
	}

	/** There is a connection. */
	connected(): void {
		this.#before = this.#longest;
		this.#longest = 0;
	}

	/**
	 * A connection has ended, or a try to connect failed.
	 *
	 * @returns Milliseconds until the next try.
	 */
	failed({ isFinal = false, isUseless = false }: Failure = {}): number {
		const last = isUseless ? Math.max(this.#longest, this.#before) : this.#longest;
		this.#longest = Math.min(2 * last || FIRST_RETRY, LONGEST_RETRY);
		return this.#random() * (isFinal ? LONGEST_RETRY : this.#longest);
	}
}
