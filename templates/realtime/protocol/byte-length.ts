const encoder = new TextEncoder();

/** The size of a text in UTF-8, or of bytes. */
export function byteLength(data: string | Uint8Array | ArrayBuffer): number {
	if (typeof data !== 'string') return data.byteLength;
	// Most texts are ASCII. `encodeInto` a shared buffer would cost more for long ones.
	for (let index = 0; index < data.length; index++) {
		if (data.charCodeAt(index) > 0x7f) return encoder.encode(data).byteLength;
	}
	return data.length;
}

/** Whether data take more than a number of bytes. Most texts need not be read for it. */
export function isLarger(data: string | Uint8Array | ArrayBuffer, bytes: number): boolean {
	if (typeof data !== 'string') return data.byteLength > bytes;
	// A UTF-16 unit takes one to three bytes.
	return data.length > bytes || (data.length * 3 > bytes && byteLength(data) > bytes);
}
