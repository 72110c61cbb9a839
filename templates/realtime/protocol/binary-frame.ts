/** A frame whose data is bytes, taken apart. */
export interface BinaryFrame {
	/** The JSON array without its data. */
	readonly header: string;
	readonly data: Uint8Array<ArrayBuffer>;
}

const LENGTH_BYTES = 2;
const MAX_HEADER_BYTES = 0xffff;

const encoder = new TextEncoder();
// A byte order mark is no JSON, so it must not vanish.
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @throws RangeError if the header is longer than 65,535 bytes. */
export function writeBinaryFrame(header: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
	const head = encoder.encode(header);
	if (head.byteLength > MAX_HEADER_BYTES)
		throw new RangeError('The header of a frame is too long.');
	const frame = new Uint8Array(LENGTH_BYTES + head.byteLength + data.byteLength);
	new DataView(frame.buffer).setUint16(0, head.byteLength);
	frame.set(head, LENGTH_BYTES);
	frame.set(data, LENGTH_BYTES + head.byteLength);
	return frame;
}

/** Returns undefined for bytes that are no frame. The data is a view of the given bytes. */
export function readBinaryFrame(bytes: Uint8Array<ArrayBuffer>): BinaryFrame | undefined {
	if (bytes.byteLength < LENGTH_BYTES) return undefined;
	const length = new DataView(bytes.buffer, bytes.byteOffset).getUint16(0);
	const end = LENGTH_BYTES + length;
	if (end > bytes.byteLength) return undefined;
	try {
		return { header: decoder.decode(bytes.subarray(LENGTH_BYTES, end)), data: bytes.subarray(end) };
	} catch {
		return undefined;
	}
}
