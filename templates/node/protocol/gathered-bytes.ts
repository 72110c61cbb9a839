/** How much more than what has come may be reserved for what is announced. */
const MOST_AHEAD = 16;

const NOTHING = Buffer.alloc(0);

/**
 * Bytes that come in pieces. They are copied: a piece may be a small part of the memory that it
 * came in, and a peer may send very small ones.
 */
export class GatheredBytes {
	#memory: Buffer = NOTHING;
	#length = 0;

	get length(): number {
		return this.#length;
	}

	/** All of them, in memory that goes on being used. */
	get bytes(): Buffer {
		return this.#memory.subarray(0, this.#length);
	}

	/** @param expected How many there will be at least, for all that the peer says. */
	add(piece: Uint8Array, expected: number): void {
		const length = this.#length + piece.byteLength;
		if (length > this.#memory.byteLength) {
			// Whoever only announces a lot must not be given it.
			const ahead = Math.min(expected, length * MOST_AHEAD);
			const memory = Buffer.allocUnsafeSlow(Math.max(length, ahead, this.#memory.byteLength * 2));
			memory.set(this.bytes);
			this.#memory = memory;
		}
		this.#memory.set(piece, this.#length);
		this.#length = length;
	}
}
