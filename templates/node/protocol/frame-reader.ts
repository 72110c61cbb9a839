import { isUtf8 } from 'node:buffer';
import { INVALID_PAYLOAD, MESSAGE_TOO_BIG, PROTOCOL_ERROR } from '../../socket/close-codes.ts';
import { BINARY, CLOSE, FIN, LENGTH_IN_16_BITS, LENGTH_IN_64_BITS, PONG, TEXT } from './frame.ts';
import { GatheredBytes } from './gathered-bytes.ts';
import { unmask } from './unmask.ts';

/** RFC 6455 section 5.2: these bits are reserved for extensions. */
const RESERVED = 0x70;
const OPCODE = 0x0f;
const CONTINUATION = 0x0;
const MASKED = 0x80;
const MASK_SIZE = 4;

/** RFC 6455 section 5.5. */
const MAX_CONTROL_PAYLOAD = 125;

/** The peer violated the protocol or a limit. */
export class FrameError extends Error {
	/** The close code for the error. */
	readonly code: number;

	constructor(message: string, code: number) {
		super(message);
		this.code = code;
	}
}

/**
 * Reads the frames of a client without extensions (RFC 6455 section 5).
 *
 * Text is validated once its message is complete. Invalid text is detected late, but never
 * delivered.
 */
export abstract class FrameReader {
	readonly #maxPayload: number;
	/** The received part of an incomplete frame. */
	#rest: GatheredBytes | undefined;
	/** The length of that frame, as far as it is known. */
	#expected = 0;
	/** The opcode of the fragmented message in progress; 0 without one. */
	#fragmented = 0;
	#fragments: GatheredBytes | undefined;

	/** @param maxPayload The maximum size of a message in bytes. */
	constructor(maxPayload: number) {
		this.#maxPayload = maxPayload;
	}

	/** Whether frames are still read. */
	protected abstract get isReading(): boolean;

	protected abstract onMessage(data: string | ArrayBuffer): void;

	/** @param payload A view of memory that is reused after the call. */
	protected abstract onControl(opcode: number, payload: Buffer): void;

	/**
	 * Reads received bytes, and modifies them in place.
	 *
	 * @throws FrameError for invalid frames.
	 */
	protected read(chunk: Buffer): void {
		const bytes = this.#joined(chunk);
		if (bytes === undefined) return;
		let start = 0;
		while (start < bytes.byteLength && this.isReading) {
			const end = this.#readFrame(bytes, start);
			if (end > bytes.byteLength) {
				this.#rest = new GatheredBytes();
				this.#expected = end - start;
				this.#rest.add(bytes.subarray(start), this.#expected);
				return;
			}
			start = end;
		}
	}

	/** The incomplete frame joined with the chunk, once that is long enough to continue. */
	#joined(chunk: Buffer): Buffer | undefined {
		if (this.#rest === undefined) return chunk;
		this.#rest.add(chunk, this.#expected);
		if (this.#rest.length < this.#expected) return undefined;
		const { bytes } = this.#rest;
		this.#rest = undefined;
		return bytes;
	}

	/**
	 * @returns The end of the frame. If it is incomplete, the offset up to which bytes are needed
	 * next.
	 */
	#readFrame(bytes: Buffer, start: number): number {
		const available = bytes.byteLength - start;
		if (available < 2) return start + 2;
		const first = bytes[start] as number;
		const second = bytes[start + 1] as number;
		this.#checkHead(first, second);

		let head = 2 + MASK_SIZE;
		let length = second & ~MASKED;
		if (length === LENGTH_IN_16_BITS) {
			head += 2;
			if (available < head) return start + head;
			length = bytes.readUInt16BE(start + 2);
		} else if (length === LENGTH_IN_64_BITS) {
			head += 8;
			if (available < head) return start + head;
			length = bytes.readUInt32BE(start + 2) * 2 ** 32 + bytes.readUInt32BE(start + 6);
		}
		const opcode = first & OPCODE;
		if (opcode < CLOSE && (this.#fragments?.length ?? 0) + length > this.#maxPayload) {
			throw new FrameError(`A message is larger than ${this.#maxPayload} bytes`, MESSAGE_TOO_BIG);
		}
		const payload = start + head;
		const end = payload + length;
		if (end > bytes.byteLength) return end;

		const mask = bytes.readInt32LE(payload - MASK_SIZE);
		if (opcode >= CLOSE) {
			unmask(bytes, payload, end, mask);
			this.onControl(opcode, bytes.subarray(payload, end));
		} else if ((first & FIN) === 0 || opcode === CONTINUATION) {
			this.#addFragment(first, bytes, payload, end, mask);
		} else if (opcode === TEXT) {
			const isAscii = unmask(bytes, payload, end, mask);
			this.onMessage(
				isAscii ? bytes.toString('latin1', payload, end) : toText(bytes.subarray(payload, end)),
			);
		} else {
			const message = Buffer.allocUnsafeSlow(length);
			message.set(bytes.subarray(payload, end));
			unmask(message, 0, length, mask);
			this.onMessage(message.buffer);
		}
		return end;
	}

	#checkHead(first: number, second: number): void {
		const opcode = first & OPCODE;
		const isFragmented = this.#fragmented !== 0;
		if ((first & RESERVED) !== 0) {
			throw new FrameError('A reserved bit is set', PROTOCOL_ERROR);
		}
		if ((second & MASKED) === 0) {
			throw new FrameError('A frame is not masked', PROTOCOL_ERROR);
		}
		if (opcode >= CLOSE) {
			if (opcode > PONG) throw new FrameError('An opcode is unknown', PROTOCOL_ERROR);
			if ((first & FIN) === 0 || (second & ~MASKED) > MAX_CONTROL_PAYLOAD) {
				throw new FrameError('A control frame is fragmented or too long', PROTOCOL_ERROR);
			}
		} else if (opcode > BINARY) {
			throw new FrameError('An opcode is unknown', PROTOCOL_ERROR);
		} else if ((opcode === CONTINUATION) !== isFragmented) {
			throw new FrameError('The fragments of a message are out of order', PROTOCOL_ERROR);
		}
	}

	#addFragment(first: number, bytes: Buffer, start: number, end: number, mask: number): void {
		this.#fragments ??= new GatheredBytes();
		if (this.#fragmented === 0) this.#fragmented = first & OPCODE;
		unmask(bytes, start, end, mask);
		this.#fragments.add(bytes.subarray(start, end), 0);
		if ((first & FIN) === 0) return;
		const message = this.#fragments.bytes;
		const isText = this.#fragmented === TEXT;
		this.#fragments = undefined;
		this.#fragmented = 0;
		this.onMessage(isText ? toText(message) : new Uint8Array(message).buffer);
	}
}

function toText(bytes: Buffer): string {
	if (!isUtf8(bytes)) throw new FrameError('A text message is not UTF-8', INVALID_PAYLOAD);
	return bytes.toString();
}
