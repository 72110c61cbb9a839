import { MESSAGE_BURST, MESSAGES_PER_SECOND } from './limits.ts';
import { TokenBucket } from './token-bucket.ts';

/** The rate of a user's messages to a channel. Whoever sends often holds on to it. */
export class MessageRate extends TokenBucket {
	/** Whether the user has another one by now. It was as good as a new one. */
	isForgotten = false;
}

/** The rates of the users of a channel, or of its anonymous visitors. */
export class MessageRates {
	readonly #rates = new Map<string, MessageRate>();

	/**
	 * @param id The id of the user, or of the connection of a visitor.
	 * @param now Milliseconds of any clock.
	 */
	of(id: string, now: number): MessageRate {
		const known = this.#rates.get(id);
		if (known !== undefined) return known;
		for (const [other, rate] of this.#rates) {
			if (!rate.isFull(now)) break;
			rate.isForgotten = true;
			this.#rates.delete(other);
		}
		const rate = new MessageRate(MESSAGES_PER_SECOND, MESSAGE_BURST, now);
		this.#rates.set(id, rate);
		return rate;
	}
}
