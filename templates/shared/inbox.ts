import { payloadSize } from './payload.ts';

/** How much waits for the first message handler. */
export interface InboxLimits {
	readonly messages: number;
	readonly bytes: number;
}

/**
 * Holds back what arrives before there is a handler for messages, and lets it out in order once
 * there is one.
 *
 * A site that never listens for messages must not be made to store them: beyond the limits
 * everything held is dropped and nothing is held any more.
 */
export class Inbox {
	readonly #limits: InboxLimits;
	readonly #onOverflow: () => void;
	/** Whether there is no handler yet. */
	#isClosed = true;
	/** The first stays until it has been delivered: what arrives meanwhile comes behind it. */
	#waiting: (() => void)[] = [];
	#bytes = 0;

	constructor(limits: InboxLimits, onOverflow: () => void) {
		this.#limits = limits;
		this.#onOverflow = onOverflow;
	}

	/** Delivers a message, now or later. */
	message(data: string | ArrayBuffer, deliver: () => void): void {
		if (!this.#isClosed && this.#waiting.length === 0) {
			deliver();
			return;
		}
		this.#waiting.push(deliver);
		this.#bytes += payloadSize(data);
		if (this.#waiting.length > this.#limits.messages || this.#bytes > this.#limits.bytes) {
			this.discard();
			this.#onOverflow();
		}
	}

	/** Delivers an event that nobody has to wait for, but behind the messages that do wait. */
	after(deliver: () => void): void {
		if (this.#waiting.length === 0) deliver();
		else this.#waiting.push(deliver);
	}

	/** There is a handler. Delivers in a microtask, so that further handlers can still be attached. */
	release(): void {
		if (!this.#isClosed) return;
		this.#isClosed = false;
		queueMicrotask(() => {
			for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
				next();
				this.#waiting.shift();
			}
		});
	}

	/** Whether something waits for a handler that may never come. */
	get isHolding(): boolean {
		return this.#isClosed && this.#waiting.length > 0;
	}

	/** Drops what waits, and holds nothing from now on. */
	discard(): void {
		this.#waiting = [];
		this.#bytes = 0;
		this.#isClosed = false;
	}
}
