import { inflateRawSync, constants as zlib } from 'node:zlib';

/** Opcodes of RFC 6455 section 5.2. */
export const TEXT = 0x1;
export const BINARY = 0x2;
export const CLOSE = 0x8;
export const PING = 0x9;
export const PONG = 0xa;

/** The bits and lengths of the head of a frame. */
const FINAL = 0x80;
const COMPRESSED = 0x40;
const OPCODE = 0x0f;
const MASKED = 0x80;
const LENGTH = 0x7f;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;
const MASK_BYTES = 4;

/** Bytes of a message that are kept. More than the largest message of a channel. */
const MAX_KEPT = 300 * 1024;

/** A message or a control frame. */
export interface ScannedMessage {
	readonly opcode: number;
	/** The content, or its beginning. */
	readonly content: Buffer;
	/** Bytes of the content on the wire: without the frame, and compressed if it was. */
	readonly size: number;
	/** Whether `content` is all of it. */
	readonly isWhole: boolean;
	/** The mask of its last frame, undefined if it has none. */
	readonly mask: number | undefined;
}

/** A frame whose payload is being read. */
interface OpenFrame {
	readonly opcode: number;
	readonly isFinal: boolean;
	readonly isCompressed: boolean;
	readonly mask: Buffer | undefined;
	/** Bytes of the payload, and those that were read. */
	readonly length: number;
	read: number;
	readonly parts: Buffer[];
	kept: number;
}

/** A message whose frames are being read. */
interface OpenMessage {
	readonly opcode: number;
	readonly isCompressed: boolean;
	readonly parts: Buffer[];
	kept: number;
	size: number;
}

/**
 * Reads one direction of a WebSocket connection that others speak. It changes nothing, checks
 * nothing that it does not need, and keeps a bounded part of each message.
 */
export class FrameScanner {
	readonly #onMessage: (message: ScannedMessage) => void;
	#head: Buffer = Buffer.alloc(0);
	#frame: OpenFrame | undefined;
	#message: OpenMessage | undefined;

	constructor(onMessage: (message: ScannedMessage) => void) {
		this.#onMessage = onMessage;
	}

	/** Whether another message may be written or read at this point. */
	get isBetweenMessages(): boolean {
		return this.#frame === undefined && this.#head.length === 0 && this.#message === undefined;
	}

	/** @param chunk Not kept, because its owner may write to its memory. */
	read(chunk: Buffer): void {
		let rest = chunk;
		while (rest.length > 0) {
			if (this.#frame === undefined) {
				this.#head = Buffer.concat([this.#head, rest]);
				const start = this.#begin();
				if (start === undefined) return;
				rest = this.#head.subarray(start);
				this.#head = Buffer.alloc(0);
			}
			rest = this.#take(rest);
		}
	}

	/** Reads the head of a frame. Returns where its payload begins, undefined if it is not whole. */
	#begin(): number | undefined {
		const head = this.#head;
		const [first = 0, second = 0] = head;
		if (head.length < 2) return undefined;
		const short = second & LENGTH;
		const lengthBytes = short === TWO_BYTES ? 2 : short === EIGHT_BYTES ? 8 : 0;
		const isMasked = (second & MASKED) !== 0;
		const start = 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
		if (head.length < start) return undefined;
		const length =
			lengthBytes === 0
				? short
				: lengthBytes === 2
					? head.readUInt16BE(2)
					: Number(head.readBigUInt64BE(2));
		this.#frame = {
			opcode: first & OPCODE,
			isFinal: (first & FINAL) !== 0,
			isCompressed: (first & COMPRESSED) !== 0,
			mask: isMasked ? Buffer.from(head.subarray(start - MASK_BYTES, start)) : undefined,
			length,
			read: 0,
			parts: [],
			kept: 0,
		};
		if (length === 0) this.#end(this.#frame);
		return start;
	}

	/** Reads a part of the payload. Returns what follows it. */
	#take(chunk: Buffer): Buffer {
		const frame = this.#frame;
		if (frame === undefined) return chunk;
		const part = chunk.subarray(0, frame.length - frame.read);
		const kept = part.subarray(0, Math.max(0, MAX_KEPT - frame.kept));
		if (kept.length > 0) {
			const { mask, read } = frame;
			const copy = Buffer.from(kept);
			if (mask !== undefined) {
				for (let index = 0; index < copy.length; index++) {
					copy[index] = (copy[index] ?? 0) ^ (mask[(read + index) % MASK_BYTES] ?? 0);
				}
			}
			frame.parts.push(copy);
			frame.kept += copy.length;
		}
		frame.read += part.length;
		if (frame.read === frame.length) this.#end(frame);
		return chunk.subarray(part.length);
	}

	#end(frame: OpenFrame): void {
		this.#frame = undefined;
		const { opcode, isFinal, isCompressed, parts, length, kept } = frame;
		const mask = frame.mask?.readUInt32BE(0);
		// Control frames may stand between the frames of a message.
		if (opcode >= CLOSE) {
			this.#tell({ opcode, isCompressed: false, parts, kept, size: length }, mask);
			return;
		}
		const message = this.#message ?? { opcode, isCompressed, parts: [], kept: 0, size: 0 };
		for (const part of parts) {
			const more = part.subarray(0, Math.max(0, MAX_KEPT - message.kept));
			message.parts.push(more);
			message.kept += more.length;
		}
		message.size += length;
		this.#message = isFinal ? undefined : message;
		if (isFinal) this.#tell(message, mask);
	}

	#tell({ opcode, isCompressed, parts, kept, size }: OpenMessage, mask: number | undefined): void {
		let content: Buffer = Buffer.concat(parts);
		let isWhole = kept === size;
		if (isCompressed) {
			const inflated = isWhole ? inflate(content) : undefined;
			isWhole = inflated !== undefined;
			content = inflated ?? Buffer.alloc(0);
		}
		this.#onMessage({ opcode, content, size, isWhole, mask });
	}
}

/** RFC 7692 section 7.2.2: the end that senders leave out. */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * The content of a message that was compressed on its own, as the server of this package does.
 * Undefined if it cannot be read.
 */
function inflate(content: Buffer): Buffer | undefined {
	try {
		return inflateRawSync(Buffer.concat([content, TAIL]), {
			finishFlush: zlib.Z_SYNC_FLUSH,
			maxOutputLength: MAX_KEPT,
		});
	} catch {
		return undefined;
	}
}

/** One whole frame with a text. A client's is masked. */
export function textFrame(text: string, mask?: Buffer): Buffer {
	return frame(TEXT, Buffer.from(text), mask);
}

/** A close frame of a server. */
export function closeFrame(code: number): Buffer {
	const payload = Buffer.alloc(2);
	payload.writeUInt16BE(code);
	return frame(CLOSE, payload);
}

function frame(opcode: number, payload: Buffer, mask?: Buffer): Buffer {
	const { length } = payload;
	const isShort = length < TWO_BYTES;
	const isMedium = length < 2 ** 16;
	const head = Buffer.alloc(isShort ? 2 : isMedium ? 4 : 10);
	head[0] = FINAL | opcode;
	head[1] =
		(mask === undefined ? 0 : MASKED) | (isShort ? length : isMedium ? TWO_BYTES : EIGHT_BYTES);
	if (!isShort && isMedium) head.writeUInt16BE(length, 2);
	else if (!isShort) head.writeBigUInt64BE(BigInt(length), 2);
	if (mask === undefined) return Buffer.concat([head, payload]);
	const masked = payload.map((byte, index) => byte ^ (mask[index % MASK_BYTES] ?? 0));
	return Buffer.concat([head, mask, masked]);
}
