import {
	CREDIT_INTERVAL,
	EPHEMERAL_LIMIT,
	UNACKNOWLEDGED_LIMIT,
} from '../../realtime/protocol/constants.ts';

/** Counts the bytes that a client has not acknowledged. */
export class Credits {
	#sent = 0;
	#acknowledged = 0;
	/** The counts of bytes that the client was asked to repeat, oldest first. */
	#asked: number[] = [];
	#nextAt: number = CREDIT_INTERVAL;

	/** Bytes. */
	get unacknowledged(): number {
		return this.#sent - this.#acknowledged;
	}

	/** Whether the client is too slow for ephemeral messages. */
	get isSlow(): boolean {
		return this.unacknowledged > EPHEMERAL_LIMIT;
	}

	/** Whether the client is too slow for the connection. */
	get isExhausted(): boolean {
		return this.unacknowledged > UNACKNOWLEDGED_LIMIT;
	}

	/** Whether the client may be sent more history. */
	get isReady(): boolean {
		return this.unacknowledged < CREDIT_INTERVAL;
	}

	/** @param bytes The size of a frame. */
	add(bytes: number): void {
		this.#sent += bytes;
	}

	/** The count for a `credit` that is due. Undefined if none is. */
	takeDue(): number | undefined {
		if (this.#sent < this.#nextAt) return undefined;
		this.#nextAt = this.#sent + CREDIT_INTERVAL;
		this.#asked.push(this.#sent);
		return this.#sent;
	}

	/** Takes a count that the client repeats. Returns whether it was asked to. */
	acknowledge(count: number): boolean {
		const index = this.#asked.indexOf(count);
		if (index < 0) return false;
		this.#asked.splice(0, index + 1);
		this.#acknowledged = count;
		return true;
	}
}
