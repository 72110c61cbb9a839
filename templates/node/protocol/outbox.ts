import type { Sent } from '../../socket/transport.ts';
import { isSystemSocket } from '../http/system-socket.ts';
import { Batch } from './batch.ts';
import { frameSize, sizeInFrame, writeFrame } from './frame.ts';
import type { SharedMessage } from './shared-message.ts';
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

/** The text in the shared buffer, if it holds a single message. */
let ownText: string | undefined;

/** The last text of this tick that several outboxes may share. */
let recent: SharedMessage | undefined;

/** The last batch of this tick with a single frame. */
let lastFirst: Batch | undefined;

/** The outboxes that wait for the end of the tick. */
let waiting: Outbox[] = [];

/**
 * The message of the outbox used before, if it is the same text and still held. A loop that sends
 * a text to many connections encodes it once.
 *
 * @param outbox The outbox that sends the text now.
 */
export function recentMessage(text: string, outbox: Outbox | undefined): SharedMessage | undefined {
	if (recent?.data === text) return recent;
	if (owner === outbox || ownText !== text) return undefined;
	owner?.giveWay();
	return recent;
}

/**
 * Sends all messages of one tick in one write from one buffer: a system call costs more than the
 * messages that fit into it.
 */
export class Outbox {
	readonly #wire: Wire;
	/** Whether written bytes are free for reuse as soon as the wire no longer buffers them. */
	readonly #isSystemSocket: boolean;
	/** Frames outside of the shared buffer, to send before those in it. */
	#batch: Batch | undefined;
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
		return (this.#batch?.size ?? 0) + this.#sharedBytes;
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
		if (owner === this) {
			ownText = undefined;
		} else {
			owner?.giveWay();
			owner = this;
			ownText = typeof message === 'string' ? message : undefined;
		}
		this.#sharedBytes = writeFrame(sharedBuffer, this.#sharedBytes, message, size);
		if (sent !== undefined) {
			this.#sent ??= [];
			this.#sent.push(sent);
		}
		this.#schedule();
	}

	/** Sends a frame that other outboxes send as well. */
	share(frame: Buffer): void {
		if (this.heldBytes + frame.byteLength > MAX_HELD_BYTES) this.flush();
		if (frame.byteLength > MAX_HELD_BYTES) {
			this.#wire.write(frame);
			return;
		}
		if (owner === this) this.giveWay();
		this.#add(frame);
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
		if (this.#isScheduled) return;
		this.release();
		if (waiting.length === 0) forget();
	}

	/** Passes held messages to the wire, because another write follows. */
	flush(): void {
		if (this.heldBytes === 0) return;
		const sent = this.#sent && all(this.#sent);
		this.#sent = undefined;
		if (this.#batch === undefined && this.#isSystemSocket && this.#wire.writableLength === 0) {
			this.#wire.write(sharedBuffer.subarray(0, this.#sharedBytes), sent);
			if (this.#wire.writableLength > 0) sharedBuffer = Buffer.allocUnsafeSlow(MAX_HELD_BYTES);
			this.#sharedBytes = 0;
			owner = undefined;
			ownText = undefined;
			return;
		}
		// Copied: behind other buffered bytes, a few bytes would keep the whole shared buffer.
		if (owner === this) this.giveWay();
		const batch = this.#batch;
		this.#batch = undefined;
		if (batch !== undefined) this.#wire.write(batch.bytes, sent);
	}

	/** Moves the frames out of the shared buffer, for another outbox. */
	giveWay(): void {
		const frame = Buffer.from(sharedBuffer.subarray(0, this.#sharedBytes));
		if (ownText !== undefined)
			recent = { data: ownText, size: sizeInFrame(frame.byteLength), frame };
		this.#add(frame);
		this.#sharedBytes = 0;
		owner = undefined;
		ownText = undefined;
	}

	#add(frame: Buffer): void {
		if (this.#batch !== undefined) {
			this.#batch = this.#batch.with(frame);
			return;
		}
		if (lastFirst?.isOnly(frame) !== true) lastFirst = new Batch(frame);
		this.#batch = lastFirst;
	}

	#schedule(): void {
		if (this.#isScheduled || this.#isHeld) return;
		this.#isScheduled = true;
		if (waiting.push(this) === 1) process.nextTick(endTick);
	}

	onTickEnd(): void {
		this.#isScheduled = false;
		this.release();
	}
}

/** Writes the messages of all outboxes. */
function endTick(): void {
	const outboxes = waiting;
	waiting = [];
	let next = 0;
	try {
		while (next < outboxes.length) outboxes[next++]?.onTickEnd();
	} finally {
		forget();
		// A stream of the host threw. The others must still be written.
		if (next < outboxes.length) {
			waiting = outboxes.slice(next).concat(waiting);
			process.nextTick(endTick);
		}
	}
}

/** Releases the memory of shared messages. */
function forget(): void {
	recent = undefined;
	lastFirst = undefined;
}

function all(sent: readonly Sent[]): Sent {
	return (error) => {
		for (const each of sent) each(error);
	};
}
