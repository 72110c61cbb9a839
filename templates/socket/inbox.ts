import { payloadSize } from './payload.ts';

/**
 * The limit of waiting messages, in addition to the limit in bytes: tiny messages cost more than
 * their bytes.
 */
const MAX_MESSAGES = 1024;

/**
 * Holds messages until there is a handler for them, then delivers them in order.
 *
 * A site that never listens must not make the server store messages. Beyond the limits, the inbox
 * drops all held messages and stops holding.
 */
export class Inbox {
	readonly #maxBytes: number;
	readonly #onOverflow: () => void;
	/** Whether messages are held: there is no handler yet. */
	#isClosed = true;
	/**
	 * The first entry stays until it has been delivered, so that a message that arrives meanwhile
	 * queues behind it.
	 */
	#waiting: (() => void)[] = [];
	#bytes = 0;

	/** @param maxBytes Bytes that may wait for the first handler. */
	constructor(maxBytes: number, onOverflow: () => void) {
		this.#maxBytes = maxBytes;
		this.#onOverflow = onOverflow;
	}

	message(data: string | ArrayBuffer, deliver: () => void): void {
		if (!this.#isClosed) {
			this.after(deliver);
			return;
		}
		this.#bytes += payloadSize(data);
		if (this.#waiting.push(deliver) > MAX_MESSAGES || this.#bytes > this.#maxBytes) {
			this.discard();
			this.#onOverflow();
		}
	}

	/**
	 * Delivers an event that needs no message handler, but behind the waiting messages.
	 *
	 * @param isAwaited Whether the event must not wait for a message handler that may never come.
	 */
	after(deliver: () => void, isAwaited = false): void {
		if (isAwaited && this.#isClosed) this.discard();
		if (this.#waiting.length > 0) this.#waiting.push(deliver);
		else deliver();
	}

	/**
	 * Called when there is a handler. Delivers in a microtask, so that more handlers can be
	 * attached first.
	 */
	release(): void {
		if (!this.#isClosed) return;
		this.#isClosed = false;
		queueMicrotask(() => {
			while (this.#waiting[0] !== undefined) {
				this.#waiting[0]();
				this.#waiting.shift();
			}
		});
	}

	/** Drops all waiting messages, and stops holding. */
	discard(): void {
		this.#waiting = [];
		this.#isClosed = false;
	}
}
