import { readBinaryFrame, writeBinaryFrame } from './binary-frame.ts';
import { LINE_END } from './constants.ts';

/** The data of a message: JSON text, or bytes. Undefined for a message that carries nothing. */
export type Data = string | Uint8Array | undefined;

/**
 * Writes a frame: text, or a binary frame if its data is bytes.
 *
 * @param parts Everything before the data.
 * @param data Placed last. It is JSON already and not written again.
 */
export function writeContent(
	parts: readonly unknown[],
	data?: Data,
): string | Uint8Array<ArrayBuffer> {
	const header = JSON.stringify(parts);
	if (data instanceof Uint8Array) return writeBinaryFrame(header, data);
	return data === undefined ? header : `${header.slice(0, -1)},${data}]`;
}

/**
 * Reads a message of the server. Bytes are the last part of their frame.
 *
 * @returns the frames: none for a message that holds none, as a pong does.
 */
export function readFrames(
	message: string | ArrayBuffer | Uint8Array<ArrayBuffer>,
): readonly (readonly unknown[])[] {
	try {
		if (typeof message === 'string') {
			return (
				message
					.split(LINE_END)
					// It ignores the index, which is no function.
					.map(JSON.parse as (line: string) => unknown)
					.filter(Array.isArray)
			);
		}
		const { header, data } = readBinaryFrame(new Uint8Array(message));
		return [[...JSON.parse(header), data]];
	} catch {
		return [];
	}
}
