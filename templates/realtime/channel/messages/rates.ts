import { MESSAGE_BURST, MESSAGES_PER_SECOND } from '../limits.ts';
import { TokenBucket } from '../token-bucket.ts';

/** The rate of a user's messages to a channel. Whoever sends often holds on to it. */
class MessageRate extends TokenBucket {
	/** Whether the user has another one by now. It was as good as a new one. */
	isForgotten = false;
}

export type { MessageRate };

/** The number of rates at which a channel looks for those that it can forget. */
const FIRST_SWEEP = 64;

/** The rates of the users of a channel, or of its anonymous visitors. */
export class MessageRates {
	readonly #rates = new Map<string, MessageRate>();
	/** Doubled by those that stay, so that a message does not pay for the rates of all others. */
	#sweepAt = FIRST_SWEEP;

	/**
	 * @param id The id of the user, or of the connection of a visitor.
	 * @param now Milliseconds of any clock.
	 */
	of(id: string, now: number): MessageRate {
		const known = this.#rates.get(id);
		if (known !== undefined) return known;
		if (this.#rates.size >= this.#sweepAt) this.#sweep(now);
		const rate = new MessageRate(MESSAGES_PER_SECOND, MESSAGE_BURST, now);
		this.#rates.set(id, rate);
		return rate;
	}

	#sweep(now: number): void {
		for (const [id, rate] of this.#rates) {
			if (!rate.isFull(now)) continue;
			rate.isForgotten = true;
			this.#rates.delete(id);
		}
		this.#sweepAt = Math.max(FIRST_SWEEP, 2 * this.#rates.size);
	}
}
