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
	#state: 'holding' | 'draining' | 'open' = 'holding';
	#waiting: (() => void)[] = [];
	#bytes = 0;

	constructor(limits: InboxLimits, onOverflow: () => void) {
		this.#limits = limits;
		this.#onOverflow = onOverflow;
	}

	/** Delivers a message, now or later. */
	message(data: string | ArrayBuffer, deliver: () => void): void {
		if (this.#state === 'open') {
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
		if (this.#state !== 'holding') return;
		if (this.#waiting.length === 0) {
			this.#state = 'open';
			return;
		}
		this.#state = 'draining';
		queueMicrotask(() => {
			for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
				next();
			}
			this.#state = 'open';
		});
	}

	/** Whether something waits for a handler that may never come. */
	get isHolding(): boolean {
		return this.#state === 'holding' && this.#waiting.length > 0;
	}

	/** Drops what waits, and holds nothing from now on. */
	discard(): void {
		this.#waiting = [];
		this.#bytes = 0;
		this.#state = 'open';
	}
}
