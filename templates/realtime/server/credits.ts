import { CREDIT_INTERVAL, EPHEMERAL_LIMIT, UNACKNOWLEDGED_LIMIT } from '../protocol/constants.ts';

/** What restores the credits of a connection. */
export interface CreditsRecord {
	readonly sent: number;
	readonly acknowledged: number;
	readonly asked: readonly number[];
}

/** Bytes after which the record is kept again. A sleep forgets less than that. */
const KEPT_STEP = CREDIT_INTERVAL / 4;

/** Counts the bytes that a client has not acknowledged. */
export class Credits {
	#sent: number;
	#acknowledged: number;
	/** The counts of bytes that the client was asked to repeat, oldest first. */
	#asked: number[];
	#nextAt: number;
	/** What `#sent` was in the last record. */
	#kept: number;

	constructor({ sent, acknowledged, asked }: CreditsRecord = NOTHING_SENT) {
		this.#sent = sent;
		this.#acknowledged = acknowledged;
		this.#asked = [...asked];
		this.#nextAt = (asked.at(-1) ?? 0) + CREDIT_INTERVAL;
		this.#kept = sent;
	}

	/** Whether the last record is too old. */
	get isUnkept(): boolean {
		return this.#sent - this.#kept >= KEPT_STEP;
	}

	record(): CreditsRecord {
		this.#kept = this.#sent;
		return { sent: this.#sent, acknowledged: this.#acknowledged, asked: this.#asked };
	}

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

	/** A count for a `credit` that is not due. The client repeats it as a sign of life. */
	ask(): number {
		// A count is at least 1.
		this.#sent++;
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

const NOTHING_SENT: CreditsRecord = { sent: 0, acknowledged: 0, asked: [] };
