import { RealtimeError } from '../protocol/errors.ts';
import type { Data } from '../protocol/server-frames.ts';
import { bytesOf } from './binary.ts';

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
	checkSize(bytes.byteLength, options);
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
	const loss = text === undefined || isStrict ? lossOf(value, '') : undefined;
	if (text === undefined || loss !== undefined) {
		throw new TypeError(`${what} cannot be written as JSON: ${loss ?? 'it is nothing'}`);
	}
	checkSize(byteLength(text, options.limit), options);
	return text;
}

function checkSize(size: number, { what, limit }: WriteOptions): void {
	if (size <= limit) return;
	throw new RealtimeError({
		code: 'CONTENT_TOO_LARGE',
		message: `${what} is larger than ${limit / 1024} KB.`,
	});
}

const encoder = new TextEncoder();

/** The exact size near the limit, else an estimate on the same side of it. */
function byteLength(text: string, limit: number): number {
	// A UTF-16 unit takes one to three bytes.
	if (text.length > limit || text.length * 3 <= limit) return text.length;
	return encoder.encode(text).byteLength;
}

/** What JSON would drop or change in a value that it can write. Undefined if nothing. */
function lossOf(value: unknown, path: string): string | undefined {
	const at = path === '' ? 'it' : `\`${path}\``;
	switch (typeof value) {
		case 'function':
			return `${at} is a function.`;
		case 'symbol':
			return `${at} is a symbol.`;
		case 'bigint':
			return `${at} is a bigint. Make it a string in the schema.`;
		case 'number':
			return Number.isFinite(value) ? undefined : `${at} is ${value}.`;
		case 'object':
			return value === null ? undefined : lossOfObject(value, path, at);
		default:
			return undefined;
	}
}

function lossOfObject(value: object, path: string, at: string): string | undefined {
	if (Array.isArray(value)) {
		for (const [index, item] of value.entries()) {
			if (item === undefined) return `\`${path}[${index}]\` is undefined.`;
			const loss = lossOf(item, `${path}[${index}]`);
			if (loss !== undefined) return loss;
		}
		return undefined;
	}
	if (value instanceof Date) {
		return `${at} is a Date. Make it a string in the schema, for example with \`toISOString()\`.`;
	}
	if (value instanceof Map || value instanceof Set) {
		return `${at} is a ${value instanceof Map ? 'Map' : 'Set'}. Make it an array in the schema.`;
	}
	if (bytesOf(value) !== undefined) return `${at} is bytes, which travel alone: use \`binary()\`.`;
	if ('toJSON' in value && typeof value.toJSON === 'function') return undefined;
	for (const [key, item] of Object.entries(value)) {
		const loss = lossOf(item, path === '' ? key : `${path}.${key}`);
		if (loss !== undefined) return loss;
	}
	return undefined;
}

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}
