import { payloadSize } from './payload.ts';

/** Messages that wait for a handler, beside the limit in bytes. Tiny ones cost more than their bytes. */
const MAX_MESSAGES = 1024;

/**
 * Holds back what arrives before there is a handler for messages, and lets it out in order once
 * there is one.
 *
 * A site that never listens for messages must not be made to store them: beyond the limits
 * everything held is dropped and nothing is held any more.
 */
export class Inbox {
	readonly #maxBytes: number;
	readonly #onOverflow: () => void;
	/** Whether there is no handler yet. */
	#isClosed = true;
	/** The first stays until it has been delivered: what arrives meanwhile comes behind it. */
	#waiting: (() => void)[] = [];
	#bytes = 0;

	/** @param maxBytes How many may wait for the first handler. */
	constructor(maxBytes: number, onOverflow: () => void) {
		this.#maxBytes = maxBytes;
		this.#onOverflow = onOverflow;
	}

	/** Delivers a message, now or later. */
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
	 * Delivers what nobody has to wait for, but behind the messages that do wait.
	 *
	 * @param isAwaited Whether it must not wait for a handler that may never come.
	 */
	after(deliver: () => void, isAwaited = false): void {
		if (isAwaited && this.#isClosed) this.discard();
		if (this.#waiting.length > 0) this.#waiting.push(deliver);
		else deliver();
	}

	/** There is a handler. Delivers in a microtask, so that further handlers can still be attached. */
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

	/** Drops what waits, and holds nothing from now on. */
	discard(): void {
		this.#waiting = [];
		this.#isClosed = false;
	}
}
