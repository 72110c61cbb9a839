import { isLarger } from '../protocol/byte-length.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { tooLarge } from './refusals.ts';

/**
 * @param what The name of the data in the error.
 * @param limit Bytes.
 * @throws RealtimeError `CONTENT_TOO_LARGE` above the limit.
 */
export function checkSize(
	data: string | ArrayBuffer | Uint8Array,
	what: string,
	limit: number,
): void {
	if (isLarger(data, limit)) throw new RealtimeError(tooLarge(what, limit));
}
