import type { Payload } from './transport.ts';

const encoder = new TextEncoder();

/** A runtime may lack it. */
const { SharedArrayBuffer: SharedBuffer = ArrayBuffer } = globalThis;

/** What `send()` takes, as a message: bytes as a view of those they are. */
export function toPayload(data: unknown): Payload {
	if (typeof data === 'string' || data instanceof Blob) return data;
	if (ArrayBuffer.isView(data)) {
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	}
	if (data instanceof ArrayBuffer || data instanceof SharedBuffer) return new Uint8Array(data);
	// WebIDL: anything else becomes a string.
	return String(data);
}

/** How many bytes a message has. */
export function payloadSize(payload: Payload | ArrayBuffer): number {
	if (typeof payload === 'string') return encoder.encode(payload).byteLength;
	return payload instanceof Blob ? payload.size : payload.byteLength;
}
