import { isUtf8 } from 'node:buffer';
import { INVALID_PAYLOAD, PROTOCOL_ERROR } from '../../socket/close-codes.ts';
import type { CloseFrame } from '../../socket/transport.ts';
import { FrameError } from './frame-reader.ts';

/**
 * Reads the payload of a close frame (RFC 6455 section 5.5.1).
 *
 * @throws FrameError for an invalid payload.
 */
export function readClose(payload: Buffer): Partial<CloseFrame> & Pick<CloseFrame, 'reason'> {
	if (payload.byteLength === 0) return { reason: '' };
	if (payload.byteLength === 1 || !isCode(payload.readUInt16BE())) {
		throw new FrameError('A close frame has no valid code', PROTOCOL_ERROR);
	}
	const reason = payload.subarray(2);
	if (!isUtf8(reason)) throw new FrameError('The close reason is not UTF-8', INVALID_PAYLOAD);
	return { code: payload.readUInt16BE(), reason: reason.toString() };
}

/** The payload of a close frame. */
export function writeClose(code: number | undefined, reason = ''): Buffer {
	if (code === undefined) return Buffer.alloc(0);
	const payload = Buffer.allocUnsafe(2 + Buffer.byteLength(reason));
	payload.writeUInt16BE(code);
	payload.write(reason, 2);
	return payload;
}

/** Whether the code may be sent (RFC 6455 section 7.4, and IANA's registry). */
function isCode(code: number): boolean {
	if (code >= 3000) return code <= 4999;
	return code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
}
