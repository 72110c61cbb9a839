import type { User } from '../../../realtime/define/handling/user.ts';
import { PROTOCOL } from '../../../realtime/protocol/constants.ts';
import { CALL_VERSION } from './object-calls.ts';

/** A client that the Worker lets through to an object. */
export interface Handover {
	readonly version: number;
	/** Whether the client speaks the protocol, or is a plain one. */
	readonly kind: 'protocol' | 'plain';
	readonly user: User | undefined;
	/** What `authorize` answered. Undefined for an inbox. */
	readonly allowed: { readonly history: boolean } | undefined;
}

const HEADER = 'zastro-handover';
const SUBPROTOCOL = 'sec-websocket-protocol';

/** The URL is not read. */
const NOWHERE = 'https://zastro-realtime.invalid/';

/**
 * The handshake for an object. It is made from nothing: what the client sent does not reach the
 * object, so a client cannot say who it is.
 */
export function writeHandover(handover: Omit<Handover, 'version'>): Request {
	const text = JSON.stringify({ version: CALL_VERSION, ...handover } satisfies Handover);
	return new Request(NOWHERE, {
		// Values of headers are ASCII.
		headers: { upgrade: 'websocket', [HEADER]: encodeURIComponent(text) },
	});
}

/** Undefined for a request that no Worker of this package made. */
export function readHandover({ headers }: Request): Handover | undefined {
	const text = headers.get(HEADER);
	if (text === null || headers.get('upgrade') !== 'websocket') return undefined;
	return JSON.parse(decodeURIComponent(text));
}

/** The headers of the object's 101. */
export function acceptHeaders({ kind }: Handover): Record<string, string> {
	return kind === 'protocol' ? { [SUBPROTOCOL]: PROTOCOL } : {};
}
