import type { Payload } from './transport.ts';

const encoder = new TextEncoder();

/** What `send()` takes, as a message: bytes as a view of those they are. */
export function toPayload(data: unknown): Payload {
	if (typeof data === 'string' || data instanceof Blob) return data;
	if (ArrayBuffer.isView(data)) {
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	}
	if (isBuffer(data)) return new Uint8Array(data);
	// WebIDL: anything else becomes a string.
	return String(data);
}

/** A runtime may lack `SharedArrayBuffer`. */
function isBuffer(data: unknown): data is ArrayBufferLike {
	return (
		data instanceof ArrayBuffer ||
		(typeof SharedArrayBuffer === 'function' && data instanceof SharedArrayBuffer)
	);
}

/** How many bytes a message has. */
export function payloadSize(payload: Payload | ArrayBuffer): number {
	if (typeof payload === 'string') return encoder.encode(payload).byteLength;
	return payload instanceof Blob ? payload.size : payload.byteLength;
}

/** What a reader of a stream is given. */
export function toStreamMessage(data: string | ArrayBuffer): string | Uint8Array {
	return typeof data === 'string' ? data : new Uint8Array(data);
}

/** What a handler is given. */
export function toMessageData(
	data: string | ArrayBuffer,
	binaryType: 'blob' | 'arraybuffer',
): string | ArrayBuffer | Blob {
	return typeof data === 'string' || binaryType === 'arraybuffer' ? data : new Blob([data]);
}
