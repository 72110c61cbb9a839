import type { RowKind } from '../report/events.ts';
import { previewOfBytes, previewOfText } from '../report/preview.ts';
import { BINARY, CLOSE, PING, PONG, type ScannedMessage, TEXT } from './frame-scanner.ts';

/** What a row says about a message. */
export interface Described {
	readonly kind: RowKind;
	readonly label: string;
	readonly text: string;
	readonly channel?: string | undefined;
	readonly duration?: number | undefined;
	readonly hint?: string | undefined;
	readonly isBad?: boolean;
}

/** Describes a message of a connection without channels, or a control frame of any. */
export function describe({ opcode, content, isWhole }: ScannedMessage): Described {
	switch (opcode) {
		case TEXT: {
			if (content.length === 0 && !isWhole) return { kind: 'message', label: 'text', text: '…' };
			return { kind: 'message', label: 'text', text: previewOfText(content.toString()) };
		}
		case BINARY:
			return { kind: 'message', label: 'binary', text: previewOfBytes(content) };
		case PING:
		case PONG:
			return {
				kind: 'control',
				label: opcode === PING ? 'ping' : 'pong',
				text: previewOfBytes(content),
			};
		case CLOSE: {
			const { code, reason } = closeOf(content);
			return {
				kind: 'control',
				label: 'close',
				text: [code ?? 'no code', reason].join(' ').trim(),
			};
		}
		default:
			return { kind: 'control', label: `opcode ${opcode}`, text: previewOfBytes(content) };
	}
}

/** The code and reason of a close frame. */
export function closeOf(content: Buffer): { readonly code: number | undefined; reason: string } {
	if (content.length < 2) return { code: undefined, reason: '' };
	return { code: content.readUInt16BE(0), reason: content.subarray(2).toString() };
}
