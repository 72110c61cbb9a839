import type { Sent } from '../../socket/transport.ts';
import { isSystemSocket } from '../http/system-socket.ts';
import { frameSize, writeFrame } from './frame.ts';
import type { Wire } from './transport.ts';

/**
 * The maximum of held bytes. Larger writes gain nothing, and bytes that the kernel could already
 * have would count as buffered.
 */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * The buffer for frames of the last used outbox. Most frames are in the kernel when the write
 * returns. The same memory then serves the next frames while it is still in the CPU cache.
 */
let sharedBuffer = Buffer.allocUnsafeSlow(MAX_HELD_BYTES);

/** The outbox whose frames are in the shared buffer. */
let owner: Outbox | undefined;

/**
 * Sends all messages of one tick in one write from one buffer: a system call costs more than the
 * messages that fit into it.
 */
export class Outbox {
	readonly #wire: Wire;
	/** Whether written bytes are free for reuse as soon as the wire no longer buffers them. */
	readonly #isSystemSocket: boolean;
	/** Frames moved out of the shared buffer for another outbox. */
	#evicted: Buffer[] | undefined;
	#evictedBytes = 0;
	#sharedBytes = 0;
	#sent: Sent[] | undefined;
	#isScheduled = false;
	/** Whether {@link letGo} will follow. */
	#isHeld = false;
	#isCorked = false;

	constructor(wire: Wire) {
		this.#wire = wire;
		this.#isSystemSocket = isSystemSocket(wire);
	}

	/** Bytes not passed to the wire yet. */
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

	/**
	 * Lets other code write to the wire in this tick: behind held messages, and in the same write.
	 */
	cork(): void {
		this.flush();
		if (this.#isCorked) return;
		this.#isCorked = true;
		this.#wire.cork();
		this.#schedule();
	}

	/** Writes everything that only waits for the end of the tick. */
	release(): void {
		this.flush();
		if (!this.#isCorked) return;
		this.#isCorked = false;
		this.#wire.uncork();
	}

	/** Holds all messages until {@link letGo} in the same tick. Waiting for its end costs more. */
	hold(): void {
		this.#isHeld = true;
	}

	/** Writes everything, unless the end of the tick will. */
	letGo(): void {
		this.#isHeld = false;
		if (!this.#isScheduled) this.release();
	}

	/** Passes held messages to the wire, because another write follows. */
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
		// Copied: behind other buffered bytes, a few bytes would keep the whole shared buffer.
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
