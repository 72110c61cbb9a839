/** Opcodes (RFC 6455 section 5.2). */
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** RFC 6455 section 5.2: marks the final fragment of a message, which may also be its first. */
export const FIN = 0x80;

/** Marks a compressed message (RFC 7692 section 6). */
export const RSV1 = 0x40;

/** Values of the 7-bit payload length that announce a 16-bit or 64-bit length. */
export const LENGTH_IN_16_BITS = 126;
export const LENGTH_IN_64_BITS = 127;

/** The size of a frame with a payload of `size` bytes. */
export function frameSize(size: number): number {
	return size + headSize(size);
}

/** The payload size of a frame of `size` bytes. */
export function sizeInFrame(size: number): number {
	if (size < LENGTH_IN_16_BITS + 2) return size - 2;
	return size < 0x10000 + 4 ? size - 4 : size - 10;
}

/**
 * Writes a message as one frame, without a mask because a server must not mask (RFC 6455 section
 * 5.1).
 *
 * @param size The length of the message in bytes.
 * @returns The end of the frame.
 */
export function writeFrame(
	buffer: Buffer,
	start: number,
	message: string | Uint8Array,
	size: number,
): number {
	const head = headSize(size);
	const payload = start + head;
	buffer[start] = FIN | (typeof message === 'string' ? TEXT : BINARY);
	if (head === 2) {
		buffer[start + 1] = size;
	} else if (head === 4) {
		buffer[start + 1] = LENGTH_IN_16_BITS;
		buffer.writeUInt16BE(size, start + 2);
	} else {
		buffer[start + 1] = LENGTH_IN_64_BITS;
		// 48 bits are enough for any message that fits into memory.
		buffer.writeUInt16BE(0, start + 2);
		buffer.writeUIntBE(size, start + 4, 6);
	}
	if (typeof message !== 'string') buffer.set(message, payload);
	// As many bytes as characters means ASCII, and copying it is faster than encoding.
	else buffer.write(message, payload, size === message.length ? 'latin1' : 'utf8');
	return payload + size;
}

function headSize(size: number): number {
	if (size < LENGTH_IN_16_BITS) return 2;
	return size < 0x10000 ? 4 : 10;
}

/** A control frame. Its payload has at most 125 bytes (RFC 6455 section 5.5). */
export function controlFrame(
	opcode: typeof CLOSE | typeof PING | typeof PONG,
	payload: Uint8Array = NOTHING,
): Buffer {
	const frame = Buffer.allocUnsafe(2 + payload.byteLength);
	frame[0] = FIN | opcode;
	frame[1] = payload.byteLength;
	frame.set(payload, 2);
	return frame;
}

const NOTHING = new Uint8Array(0);
