import type { BinaryOptions, BinarySchema } from '../api/file-types.ts';
import { DEFAULT_BINARY_BYTES } from '../api/limits.ts';
import type { SchemaResult } from '../api/schema.ts';

/**
 * The schema of bytes.
 *
 * @throws TypeError if `max` is not a positive integer.
 */
export function binary({ max = DEFAULT_BINARY_BYTES }: BinaryOptions = {}): BinarySchema {
	if (!Number.isSafeInteger(max) || max <= 0) {
		throw new TypeError(`\`max\` of binary() must be a positive number of bytes, got: ${max}`);
	}
	const validate = (value: unknown): SchemaResult<Uint8Array> => {
		const bytes = bytesOf(value);
		if (bytes === undefined) return { issues: [{ message: 'Expected bytes' }] };
		if (bytes.byteLength > max) {
			return { issues: [{ message: `Expected at most ${max} bytes, got ${bytes.byteLength}` }] };
		}
		return { value: bytes };
	};
	return { '~binary': { max }, '~standard': { version: 1, vendor: 'zastro', validate } };
}

/** The bytes of a buffer or a view, without a copy. */
export function bytesOf(value: unknown): Uint8Array | undefined {
	if (value instanceof Uint8Array) return value;
	if (value instanceof ArrayBuffer) return new Uint8Array(value);
	if (!ArrayBuffer.isView(value)) return undefined;
	return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
}
