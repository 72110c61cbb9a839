import { isLarger } from '../protocol/byte-length.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { MAX_KEPT_BYTES } from './limits.ts';
import type { NewEntry } from './ports.ts';

/** @throws RealtimeError for a message that is too large to be kept. */
export function checkKeptSize({ data }: Pick<NewEntry, 'data'>): void {
	if (data === undefined || !isLarger(data, MAX_KEPT_BYTES)) return;
	throw new RealtimeError({
		code: 'CONTENT_TOO_LARGE',
		message: `A kept message is larger than ${MAX_KEPT_BYTES} bytes.`,
	});
}
