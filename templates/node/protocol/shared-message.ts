import { frameSize, writeFrame } from './frame.ts';

/** A message framed once for many connections. Its bytes never change. */
export interface SharedMessage {
	readonly data: string | Uint8Array;
	/** The size of the message in bytes. */
	readonly size: number;
	readonly frame: Buffer;
}

/** Frames a message for many connections. Bytes are copied. */
export function shareMessage(message: string | Uint8Array): SharedMessage {
	const size = typeof message === 'string' ? Buffer.byteLength(message) : message.byteLength;
	const frame = Buffer.allocUnsafe(frameSize(size));
	writeFrame(frame, 0, message, size);
	// A caller may modify its bytes, and connections with an extension get these later.
	const data = typeof message === 'string' ? message : frame.subarray(frame.byteLength - size);
	return { data, size, frame };
}
