/** The maximum ratio of reserved to received bytes. */
const MAX_AHEAD = 16;

const NOTHING = Buffer.alloc(0);

/**
 * Bytes received in pieces. The pieces are copied, because a small piece may keep a large receive
 * buffer in memory.
 */
export class GatheredBytes {
	#memory: Buffer = NOTHING;
	#length = 0;

	get length(): number {
		return this.#length;
	}

	/** A view of all bytes. Later pieces share its memory. */
	get bytes(): Buffer {
		return this.#memory.subarray(0, this.#length);
	}

	/** @param expected The minimum of bytes in total, as announced by the peer. */
	add(piece: Uint8Array, expected: number): void {
		const length = this.#length + piece.byteLength;
		if (length > this.#memory.byteLength) {
			// A peer must not reserve memory by only announcing a length.
			const ahead = Math.min(expected, length * MAX_AHEAD);
			const memory = Buffer.allocUnsafeSlow(Math.max(length, ahead, this.#memory.byteLength * 2));
			memory.set(this.bytes);
			this.#memory = memory;
		}
		this.#memory.set(piece, this.#length);
		this.#length = length;
	}
}
