import type { Data } from '../../protocol/frame-content.ts';

/** JSON is written, and bytes are copied, when they are sent: what changes them later is too late. */
export function dataOf(value: unknown): Data {
	if (!(value instanceof ArrayBuffer || ArrayBuffer.isView(value))) return JSON.stringify(value);
	const {
		buffer = value as ArrayBuffer,
		byteOffset,
		byteLength,
	} = value as Partial<ArrayBufferView>;
	return new Uint8Array(buffer, byteOffset, byteLength).slice();
}
