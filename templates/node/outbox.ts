import { Socket } from 'node:net';
import type { Sent } from '../shared/transport.ts';
import { frameSize, writeFrame } from './frame.ts';
import type { Wire } from './transport.ts';

/**
 * Bytes that are held back at most. Beyond it a larger write gains nothing, and what could be in
 * the kernel's hands would count as waiting.
 */
const MAX_HELD_BYTES = 64 * 1024;

/** From this size on bytes are not worth a second copy, only to spare a system call. */
const LARGE = 16 * 1024;

/** Less than this comes out of Node's own pool. */
const MIN_SCRATCH_BYTES = 4 * 1024;

/**
 * Where frames are put together. Most of them are with the kernel when the write returns: then the
 * same memory serves the next ones, while it is still in the processor's cache.
 */
let scratch = Buffer.allocUnsafeSlow(MAX_HELD_BYTES);

/** Text cannot change any more, so it is encoded when all of the tick is known. */
interface HeldText {
	readonly text: string;
	readonly size: number;
}

/**
 * Lets everything that is sent in one tick leave in one write, in one buffer: a system call costs
 * more than the messages that fit into it.
 */
export class Outbox {
	readonly #wire: Wire;
	/** Whether what has been written and is not buffered is used by nobody any more. */
	readonly #isSystemSocket: boolean;
	/** Texts, and frames of bytes. */
	#held: (HeldText | Buffer)[] = [];
	#heldBytes = 0;
	#sent: Sent[] = [];
	#isScheduled = false;
	#isCorked = false;

	constructor(wire: Wire) {
		this.#wire = wire;
		this.#isSystemSocket = Object.getPrototypeOf(wire) === Socket.prototype;
	}

	/** Bytes that the wire has not been given yet. */
	get heldBytes(): number {
		return this.#heldBytes;
	}

	/** Sends a message of `size` bytes. */
	send(message: string | Uint8Array, size: number, sent?: Sent): void {
		const bytes = frameSize(size);
		if (this.#heldBytes + bytes > MAX_HELD_BYTES) this.flush();
		if (typeof message === 'string') {
			this.#held.push({ text: message, size });
		} else {
			if (size >= LARGE) {
				this.flush();
				const frame = this.#memory(bytes);
				writeFrame(frame, 0, message, size);
				this.#write(frame, sent);
				return;
			}
			const frame = Buffer.allocUnsafe(bytes);
			writeFrame(frame, 0, message, size);
			this.#held.push(frame);
		}
		this.#heldBytes += bytes;
		if (sent !== undefined) this.#sent.push(sent);
		this.#schedule();
	}

	/** What somebody else is about to write in this tick goes out behind it, and in one write too. */
	cork(): void {
		this.flush();
		if (this.#isCorked) return;
		this.#isCorked = true;
		this.#wire.cork();
		this.#schedule();
	}

	/** Lets everything out that only waits for the end of the tick. */
	release(): void {
		this.flush();
		if (!this.#isCorked) return;
		this.#isCorked = false;
		this.#wire.uncork();
	}

	/** Gives the wire what is held: something has to go out behind it. */
	flush(): void {
		if (this.#held.length === 0) return;
		const frames = this.#encode();
		const sent = this.#sent;
		this.#held = [];
		this.#heldBytes = 0;
		this.#sent = [];
		if (sent.length === 0) {
			this.#write(frames);
			return;
		}
		this.#write(frames, (error) => {
			for (const each of sent) each(error);
		});
	}

	/** Memory for frames that are written next. */
	#memory(bytes: number): Buffer {
		const isReusable =
			this.#isSystemSocket &&
			// Otherwise it would stay behind what waits already, all of it for a few bytes.
			this.#wire.writableLength === 0 &&
			bytes >= MIN_SCRATCH_BYTES &&
			bytes <= MAX_HELD_BYTES;
		return isReusable ? scratch.subarray(0, bytes) : Buffer.allocUnsafe(bytes);
	}

	#write(frames: Buffer, sent?: Sent): void {
		this.#wire.write(frames, sent);
		const isScratch = frames.buffer === scratch.buffer;
		if (isScratch && this.#wire.writableLength > 0) {
			scratch = Buffer.allocUnsafeSlow(MAX_HELD_BYTES);
		}
	}

	#encode(): Buffer {
		const [first] = this.#held;
		if (this.#held.length === 1 && first instanceof Uint8Array) return first;
		const frames = this.#memory(this.#heldBytes);
		let end = 0;
		for (const held of this.#held) {
			if (held instanceof Uint8Array) {
				frames.set(held, end);
				end += held.byteLength;
			} else {
				end = writeFrame(frames, end, held.text, held.size);
			}
		}
		return frames;
	}

	#schedule(): void {
		if (this.#isScheduled) return;
		this.#isScheduled = true;
		process.nextTick(Outbox.#endTick, this);
	}

	static #endTick(outbox: Outbox): void {
		outbox.#isScheduled = false;
		outbox.release();
	}
}
