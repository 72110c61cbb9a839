import type { Wire } from './transport.ts';

/**
 * Bytes that are held back at most. Beyond it a write gains nothing, and what could be in the
 * kernel's hands would count as waiting.
 */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * Lets everything that is written in one tick leave in one write: a system call costs more than
 * the messages that fit into it. Whatever goes through the wire keeps its order, pings, pongs and
 * the closing frame among it.
 */
export class Cork {
	readonly #wire: Wire;
	#isIn = false;
	#held = 0;

	constructor(wire: Wire) {
		this.#wire = wire;
	}

	/** To be called before a write of `bytes` bytes. */
	hold(bytes: number): void {
		if (!this.#isIn) {
			this.#isIn = true;
			this.#wire.cork();
			process.nextTick(Cork.#release, this);
		} else if (this.#held + bytes > MAX_HELD_BYTES) {
			this.flush();
		}
		this.#held += bytes;
	}

	/** Lets out what is held. */
	flush(): void {
		if (this.#held === 0) return;
		this.#held = 0;
		this.#wire.uncork();
		this.#wire.cork();
	}

	static #release(cork: Cork): void {
		cork.#isIn = false;
		cork.#held = 0;
		cork.#wire.uncork();
	}
}
