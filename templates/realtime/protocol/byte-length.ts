import { encoder } from './binary-frame.ts';

/** Faster than a loop over the text. */
const BEYOND_ASCII = /[\u0080-\uffff]/;

/** The size of a text in UTF-8, or of bytes. */
export function byteLength(data: string | Uint8Array | ArrayBuffer): number {
	if (typeof data !== 'string') return data.byteLength;
	// Most texts are ASCII. `encodeInto` a shared buffer would cost more for long ones.
	return BEYOND_ASCII.test(data) ? encoder.encode(data).byteLength : data.length;
}

/** Whether data take more than a number of bytes. Most texts need not be read for it. */
export function isLarger(data: string | Uint8Array | ArrayBuffer, bytes: number): boolean {
	if (typeof data !== 'string') return data.byteLength > bytes;
	// A UTF-16 unit takes one to three bytes.
	return data.length > bytes || (data.length * 3 > bytes && byteLength(data) > bytes);
}
