import type { Payload } from './transport.ts';

/** What `send()` takes, as a message: bytes as a view of those they are. */
export function toPayload(data: unknown): Payload {
	if (data instanceof Blob) return data;
	if (ArrayBuffer.isView(data)) {
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	}
	if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
		return new Uint8Array(data);
	}
	// WebIDL: anything else becomes a string.
	return String(data);
}

/** How many bytes a message has. */
export function payloadSize(payload: Payload): number {
	if (typeof payload === 'string') return Buffer.byteLength(payload);
	return payload instanceof Blob ? payload.size : payload.byteLength;
}

/** What a reader of a stream is given. */
export function toStreamMessage(bytes: Uint8Array, isBinary: boolean): string | Uint8Array {
	return isBinary ? new Uint8Array(bytes) : toText(bytes);
}

/** What a handler is given. `bytes` may be a window onto a buffer that `ws` goes on using. */
export function toMessageData(
	bytes: Uint8Array,
	isBinary: boolean,
	binaryType: 'blob' | 'arraybuffer',
): string | ArrayBuffer | Blob {
	if (!isBinary) return toText(bytes);
	// The constructor of `Blob` copies by itself.
	return binaryType === 'blob'
		? new Blob([bytes as Uint8Array<ArrayBuffer>])
		: new Uint8Array(bytes).buffer;
}

function toText(bytes: Uint8Array): string {
	return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
