/** A frame whose data is bytes, taken apart. */
export interface BinaryFrame {
	/** The JSON array without its data. */
	readonly header: string;
	readonly data: Uint8Array<ArrayBuffer>;
	/** Where the header ends, as the frame says. */
	readonly end: number;
}

/** Those of the header's length. */
const LENGTH_BYTES = 2;

export const encoder: InstanceType<typeof TextEncoder> = new TextEncoder();
const lenient = new TextDecoder();

/**
 * @param header Shorter than 64 KiB, as the names, ids and positions of a frame are: its names are
 * written in the site's code, and the rest has limits.
 */
export function writeBinaryFrame(header: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
	const head = encoder.encode(header);
	const { length } = head;
	const frame = new Uint8Array(LENGTH_BYTES + length + data.length);
	// An element takes the lowest eight bits.
	frame.set([length >> 8, length]);
	frame.set(head, LENGTH_BYTES);
	frame.set(data, LENGTH_BYTES + length);
	return frame;
}

/**
 * The data is a view of the given bytes.
 *
 * @param decoder By default one for frames of a server, which need no checks.
 */
export function readBinaryFrame(
	bytes: Uint8Array<ArrayBuffer>,
	decoder: { decode(bytes: Uint8Array): string } = lenient,
): BinaryFrame {
	// Not a number for a frame without a length, whose header is empty.
	const [high, low] = bytes as unknown as [number, number];
	const end = LENGTH_BYTES + (high << 8) + low;
	const header = decoder.decode(bytes.subarray(LENGTH_BYTES, end));
	return { header, data: bytes.subarray(end), end };
}
