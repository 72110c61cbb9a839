import { MAX_KEPT_BYTES } from './limits.ts';
import type { NewEntry } from './ports.ts';
import { checkSize } from './size.ts';

/** @throws RealtimeError for a message that is too large to be kept. */
export function checkKeptSize({ data }: Pick<NewEntry, 'data'>): void {
	if (data !== undefined) checkSize(data, 'A kept message', MAX_KEPT_BYTES);
}
