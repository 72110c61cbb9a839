/**
 * Frames that leave in one write. Connections that get the same frames in the same order share a
 * batch, so the frames are joined once for all of them.
 */
export class Batch {
	/** The size of all frames in bytes. */
	readonly size: number;
	readonly #earlier: Batch | undefined;
	readonly #frame: Buffer;
	/** The last batch that continues this one. */
	#next: Batch | undefined;
	#bytes: Buffer | undefined;

	constructor(frame: Buffer, earlier?: Batch) {
		this.#earlier = earlier;
		this.#frame = frame;
		this.size = frame.byteLength + (earlier?.size ?? 0);
	}

	/** Whether the batch consists of this frame. */
	isOnly(frame: Buffer): boolean {
		return this.#frame === frame && this.#earlier === undefined;
	}

	/** The batch with one more frame. */
	with(frame: Buffer): Batch {
		if (this.#next === undefined || this.#next.#frame !== frame) {
			this.#next = new Batch(frame, this);
		}
		return this.#next;
	}

	/** All frames in one piece. */
	get bytes(): Buffer {
		this.#bytes ??= this.#earlier === undefined ? this.#frame : this.#join();
		return this.#bytes;
	}

	#join(): Buffer {
		const bytes = Buffer.allocUnsafe(this.size);
		let end = this.size;
		for (let batch: Batch | undefined = this; batch !== undefined; batch = batch.#earlier) {
			end -= batch.#frame.byteLength;
			bytes.set(batch.#frame, end);
		}
		return bytes;
	}
}
