import { readBinaryFrame } from '../protocol/binary-frame.ts';
import type { ErrorData } from '../protocol/errors.ts';
import type { Frame } from '../protocol/server-frames.ts';

/** What a frame says to a plain client. */
export type PlainFrame =
	| {
			readonly type: 'event';
			readonly name: string;
			readonly data: unknown;
			readonly isSnapshot?: true;
	  }
	| { readonly type: 'reply'; readonly id: number; readonly data: unknown }
	| { readonly type: 'error'; readonly id: number; readonly error: ErrorData }
	| { readonly type: 'left'; readonly error: ErrorData | null }
	| { readonly type: 'other' };

/** A frame is written once for many members, so it is read once for all plain ones. */
const read = new WeakMap<Frame, PlainFrame>();

/** The part of a frame that plain clients get. */
export function plainFrame(frame: Frame): PlainFrame {
	const known = read.get(frame);
	if (known !== undefined) return known;
	const plain = readFrame(frame);
	read.set(frame, plain);
	return plain;
}

function readFrame({ content }: Frame): PlainFrame {
	const parts: readonly unknown[] = partsOf(content);
	switch (parts[0]) {
		case 'event':
			return { type: 'event', name: String(parts[7]), data: parts[8] };
		case 'snapshot':
			return { type: 'event', name: String(parts[6]), data: parts[7], isSnapshot: true };
		case 'cast':
			return { type: 'event', name: String(parts[3]), data: parts[4] };
		case 'reply':
			return { type: 'reply', id: Number(parts[2]), data: parts[3] };
		case 'error':
			return { type: 'error', id: Number(parts[2]), error: parts[3] as ErrorData };
		case 'left':
			return { type: 'left', error: parts[2] as ErrorData | null };
		default:
			return { type: 'other' };
	}
}

function partsOf(content: Frame['content']): readonly unknown[] {
	if (typeof content === 'string') return JSON.parse(content);
	const frame = readBinaryFrame(new Uint8Array(content));
	return [...JSON.parse(frame.header), frame.data];
}

/** A value as a message of its own: text as its characters, bytes as they are, other JSON as text. */
export function rawMessage(data: unknown): string | Uint8Array {
	if (typeof data === 'string' || data instanceof Uint8Array) return data;
	return JSON.stringify(data ?? null);
}
