import type { Sent } from '../../socket/transport.ts';
import { isSystemSocket } from '../http/system-socket.ts';
import { frameSize, writeFrame } from './frame.ts';
import type { Wire } from './transport.ts';

/**
 * Bytes that are held back at most. Beyond it a larger write gains nothing, and what could be in
 * the kernel's hands would count as waiting.
 */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * Where the frames of the outbox that was used last are put together. Most of them are with the
 * kernel when the write returns: then the same memory serves the next ones, while it is still in the
 * processor's cache.
 */
let sharedBuffer = Buffer.allocUnsafeSlow(MAX_HELD_BYTES);

/** Whose frames are on the shared buffer. */
let owner: Outbox | undefined;

/**
 * Lets everything that is sent in one tick leave in one write, in one buffer: a system call costs
 * more than the messages that fit into it.
 */
export class Outbox {
	readonly #wire: Wire;
	/** Whether what has been written and is not buffered is used by nobody any more. */
	readonly #isSystemSocket: boolean;
	/** Frames that had to leave the shared buffer to another outbox. */
	#evicted: Buffer[] | undefined;
	#evictedBytes = 0;
	#sharedBytes = 0;
	#sent: Sent[] | undefined;
	#isScheduled = false;
	/** Whether somebody will let everything out. */
	#isHeld = false;
	#isCorked = false;

	constructor(wire: Wire) {
		this.#wire = wire;
		this.#isSystemSocket = isSystemSocket(wire);
	}

	/** Bytes that the wire has not been given yet. */
	get heldBytes(): number {
		return this.#evictedBytes + this.#sharedBytes;
	}

	/** Sends a message of `size` bytes. */
	send(message: string | Uint8Array, size: number, sent?: Sent): void {
		const bytes = frameSize(size);
		if (this.heldBytes + bytes > MAX_HELD_BYTES) this.flush();
		if (bytes > MAX_HELD_BYTES) {
			const frame = Buffer.allocUnsafe(bytes);
			writeFrame(frame, 0, message, size);
			this.#wire.write(frame, sent);
			return;
		}
		if (owner !== this) {
			if (owner !== undefined) owner.#evict();
			owner = this;
		}
		this.#sharedBytes = writeFrame(sharedBuffer, this.#sharedBytes, message, size);
		if (sent !== undefined) {
			this.#sent ??= [];
			this.#sent.push(sent);
		}
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

	/** Keeps everything until {@link letGo} in the same tick, whose end costs more to wait for. */
	hold(): void {
		this.#isHeld = true;
	}

	/** Lets everything out, unless the end of the tick will. */
	letGo(): void {
		this.#isHeld = false;
		if (!this.#isScheduled) this.release();
	}

	/** Gives the wire what is held: something has to go out behind it. */
	flush(): void {
		if (this.heldBytes === 0) return;
		const sent = this.#sent && all(this.#sent);
		this.#sent = undefined;
		const isAlone = this.#evicted === undefined;
		if (isAlone && this.#isSystemSocket && this.#wire.writableLength === 0) {
			this.#wire.write(sharedBuffer.subarray(0, this.#sharedBytes), sent);
			if (this.#wire.writableLength > 0) sharedBuffer = Buffer.allocUnsafeSlow(MAX_HELD_BYTES);
			this.#sharedBytes = 0;
			owner = undefined;
			return;
		}
		// Behind what waits already the whole shared buffer would be kept for a few bytes.
		if (owner === this) this.#evict();
		const [first, ...others] = this.#evicted ?? [];
		this.#evicted = undefined;
		this.#evictedBytes = 0;
		if (first === undefined) return;
		this.#wire.write(others.length === 0 ? first : Buffer.concat([first, ...others]), sent);
	}

	#evict(): void {
		this.#evicted ??= [];
		this.#evicted.push(Buffer.from(sharedBuffer.subarray(0, this.#sharedBytes)));
		this.#evictedBytes += this.#sharedBytes;
		this.#sharedBytes = 0;
		owner = undefined;
	}

	#schedule(): void {
		if (this.#isScheduled || this.#isHeld) return;
		this.#isScheduled = true;
		process.nextTick(Outbox.#endTick, this);
	}

	static #endTick(outbox: Outbox): void {
		outbox.#isScheduled = false;
		outbox.release();
	}
}

function all(sent: readonly Sent[]): Sent {
	return (error) => {
		for (const each of sent) each(error);
	};
}
