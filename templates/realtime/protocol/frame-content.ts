import { readBinaryFrame, writeBinaryFrame } from './binary-frame.ts';

/** The data of a message: JSON text, or bytes. Undefined for a message that carries nothing. */
export type Data = string | Uint8Array | undefined;

/**
 * Writes a frame: text, or a binary frame if its data is bytes.
 *
 * @param parts Everything before the data.
 * @param data Placed last. It is JSON already and not written again.
 * @throws RangeError if the parts before bytes are longer than 65,535 bytes of JSON.
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
 * Reads a frame that the server sent. Bytes are its last part.
 *
 * @returns undefined for a message that is no frame.
 */
export function readContent(
	message: string | Uint8Array<ArrayBuffer>,
): readonly unknown[] | undefined {
	const binary = typeof message === 'string' ? undefined : readBinaryFrame(message);
	const header = typeof message === 'string' ? message : binary?.header;
	try {
		const parts: unknown = JSON.parse(header ?? '');
		if (!Array.isArray(parts)) return undefined;
		if (binary !== undefined) parts.push(binary.data);
		return parts;
	} catch {
		return undefined;
	}
}
