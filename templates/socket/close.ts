import { payloadSize } from './payload.ts';
import type { CloseFrame } from './transport.ts';

/** RFC 6455 section 5.5: a control frame carries at most 125 bytes, two of which are the code. */
const MAX_REASON_BYTES = 123;

/**
 * Checks the arguments of `close()` (WebSockets Standard, "close the WebSocket").
 *
 * @returns The close frame, or `undefined` for a frame without a payload.
 * @throws DOMException `InvalidAccessError` for a code other than 1000 or 3000 to 4999,
 * `SyntaxError` for a reason of more than 123 bytes of UTF-8.
 */
export function closeFrame(code?: number, reason = ''): CloseFrame | undefined {
	const text = String(reason);
	if (code !== undefined) {
		// WebIDL `[Clamp] unsigned short`: a value beyond its range is an invalid code either way.
		code = Math.round(code);
		if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
			throw new DOMException(
				`The close code must be 1000, or between 3000 and 4999, got: ${code}`,
				'InvalidAccessError',
			);
		}
	}
	const size = payloadSize(text);
	if (size > MAX_REASON_BYTES) {
		throw new DOMException(
			`The close reason must not be longer than ${MAX_REASON_BYTES} bytes, got: ${size}`,
			'SyntaxError',
		);
	}
	if (code === undefined && text === '') return undefined;
	return { code: code ?? 1000, reason: text };
}
