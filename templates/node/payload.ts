/** What `ws` is given to send. Bytes are copied: the caller may reuse its buffer right away. */
export function toPayload(data: unknown): string | Uint8Array | Blob {
	if (data instanceof Blob) return data;
	if (ArrayBuffer.isView(data)) {
		return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
	}
	if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) {
		return new Uint8Array(data).slice();
	}
	// WebIDL: anything else becomes a string.
	return String(data);
}

/** What a handler is given. `bytes` may be a window onto a buffer that `ws` goes on using. */
export function toMessageData(
	bytes: Uint8Array,
	isBinary: boolean,
	binaryType: 'blob' | 'arraybuffer',
): string | ArrayBuffer | Blob {
	if (!isBinary) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
	const copy = new Uint8Array(bytes).buffer;
	return binaryType === 'blob' ? new Blob([copy]) : copy;
}
