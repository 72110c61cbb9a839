import { constants, deflateRawSync } from 'node:zlib';
import { frameSize, RSV1, writeFrame } from './frame.ts';
import type { SharedMessage } from './shared-message.ts';

/** The maximum size in bytes. Compressing a larger message here would stop the process too long. */
export const MAX_COMPRESSED_AT_ONCE: number = 64 * 1024;

/** Ends every flushed block (RFC 7692 section 7.2.1). The receiver adds it again. */
const TAIL = 4;

/** The compressed frames of messages. Connections without a shared context can use the same one. */
const frames: WeakMap<SharedMessage, Buffer> = new WeakMap();

/** The frame of a message with permessage-deflate, compressed once for all connections. */
export function compressedFrame(message: SharedMessage): Buffer {
	let frame = frames.get(message);
	if (frame === undefined) {
		frame = compress(message);
		frames.set(message, frame);
	}
	return frame;
}

function compress({ size, frame: plain }: SharedMessage): Buffer {
	const deflated = deflateRawSync(plain.subarray(plain.byteLength - size), {
		finishFlush: constants.Z_SYNC_FLUSH,
	});
	const payload = deflated.subarray(0, -TAIL);
	const frame = Buffer.allocUnsafe(frameSize(payload.byteLength));
	writeFrame(frame, 0, payload, payload.byteLength);
	frame[0] = (plain[0] ?? 0) | RSV1;
	return frame;
}
