import { isLarger } from '../../protocol/byte-length.ts';
import { RealtimeError } from '../../protocol/errors.ts';
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
	checkSize(bytes, options);
	return bytes;
}

/** As {@link writeData}, for what cannot be bytes. */
export function writeJson(value: unknown, options: WriteOptions): string | undefined {
	if (value === undefined) return undefined;
	const { what, isStrict } = options;
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
	checkSize(text, options);
	return text;
}

function checkSize(data: string | Uint8Array, { what, limit }: WriteOptions): void {
	if (!isLarger(data, limit)) return;
	throw new RealtimeError({
		code: 'CONTENT_TOO_LARGE',
		message: `${what} is larger than ${limit / 1024} KB.`,
	});
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
