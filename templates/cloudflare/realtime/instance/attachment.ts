import { encoder } from '../../../realtime/protocol/binary-frame.ts';
import type { MuxRecord, PlainRecord } from '../../../realtime/server/record.ts';

/** What a socket keeps while its object sleeps. */
export type Attachment =
	| { readonly kind: 'protocol'; readonly record: MuxRecord }
	| { readonly kind: 'plain'; readonly record: PlainRecord };

const decoder = new TextDecoder();

/**
 * An attachment as UTF-8. As text, one character outside of Latin-1 would double the size of the
 * whole, and 4 KB of a user and 8 KB of `connection.data` would not fit any more.
 */
export function writeAttachment(attachment: Attachment | undefined): Uint8Array | null {
	return attachment === undefined ? null : encoder.encode(JSON.stringify(attachment));
}

/** Undefined for a connection that has ended. */
export function readAttachment(value: unknown): Attachment | undefined {
	if (!(value instanceof Uint8Array)) return undefined;
	return JSON.parse(decoder.decode(value));
}
