import { checkSize } from '../../channel/size.ts';
import type { Data } from '../../protocol/server-frames.ts';
import { bytesOf } from './binary.ts';
import { lossOf } from './loss.ts';

export interface WriteOptions {
	/** The value's name in errors. */
	readonly what: string;
	/** Bytes. */
	readonly limit: number;
	/** Whether parts that JSON would drop or change are errors. It takes a walk over the value. */
	readonly isStrict: boolean;
}

/**
 * A value as it is sent: JSON text, bytes, or undefined for nothing.
 *
 * @throws TypeError if JSON cannot hold the value.
 * @throws RealtimeError `CONTENT_TOO_LARGE` above the limit.
 */
export function writeData(value: unknown, options: WriteOptions): Data {
	const bytes = bytesOf(value);
	if (bytes === undefined) return writeJson(value, options);
	checkSize(bytes, options.what, options.limit);
	// A history keeps them, and the publisher may use its buffer again.
	return new Uint8Array(bytes);
}

/** As {@link writeData}, for what cannot be bytes. */
export function writeJson(value: unknown, options: WriteOptions): string | undefined {
	if (value === undefined) return undefined;
	const { what, limit, isStrict } = options;
	let text: string | undefined;
	try {
		text = JSON.stringify(value);
	} catch (error) {
		throw new TypeError(`${what} cannot be written as JSON: ${reasonOf(error)}`, { cause: error });
	}
	const loss = text === undefined || isStrict ? lossOf(value) : undefined;
	if (text === undefined || loss !== undefined) {
		throw new TypeError(`${what} cannot be written as JSON: ${loss ?? 'it is nothing'}`);
	}
	checkSize(text, what, limit);
	return text;
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
