import { isTooDeep } from '../../protocol/depth.ts';
import { RealtimeError } from '../../protocol/errors.ts';
import type { ShortFormConfig } from '../api/file-types.ts';

export type MessageType = NonNullable<ShortFormConfig['type']>;

// A Worker without short files leaves them out.
const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

/**
 * The data of a plain client's message.
 *
 * @throws RealtimeError if the message is not of the type.
 */
export function readPlainMessage(message: string | Uint8Array, type: MessageType): unknown {
	if (type === 'binary') return typeof message === 'string' ? encoder.encode(message) : message;
	const text = typeof message === 'string' ? message : textOf(message);
	if (type === 'string') return text;
	if (isTooDeep(text)) throw invalid('The JSON of the message is nested too deep.');
	try {
		return JSON.parse(text);
	} catch {
		throw invalid('The message is not JSON.');
	}
}

function textOf(bytes: Uint8Array): string {
	try {
		return decoder.decode(bytes);
	} catch {
		throw invalid('The message is not UTF-8.');
	}
}

function invalid(message: string): RealtimeError {
	return new RealtimeError({ code: 'BAD_REQUEST', message });
}
