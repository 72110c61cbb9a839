import type { Payload } from './transport.ts';

const encoder = new TextEncoder();

/** Some runtimes lack `SharedArrayBuffer`. */
const { SharedArrayBuffer: SharedBuffer = ArrayBuffer } = globalThis;

/** Converts an argument of `send()` to a payload. Bytes become a view, without a copy. */
export function toPayload(data: unknown): Payload {
	if (typeof data === 'string' || data instanceof Blob) return data;
	if (ArrayBuffer.isView(data)) {
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
	}
	if (data instanceof ArrayBuffer || data instanceof SharedBuffer) return new Uint8Array(data);
	// WebIDL converts anything else to a string.
	return String(data);
}

/** The size of a message in bytes. */
export function payloadSize(payload: Payload | ArrayBuffer): number {
	if (typeof payload === 'string') return encoder.encode(payload).byteLength;
	return payload instanceof Blob ? payload.size : payload.byteLength;
}
