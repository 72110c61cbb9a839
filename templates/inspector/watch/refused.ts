import {
	BAD_HANDSHAKE,
	FAILED,
	HANDSHAKE_TIMEOUT,
	NOT_VERIFIED,
	SHUTTING_DOWN,
} from '../../handshake/refusal.ts';
import { cut } from '../report/preview.ts';
import { hideTokens } from '../report/secrets.ts';
import type { ScannedResponse } from './response-scanner.ts';

/** What a row says about a refused handshake. */
export interface RefusedHandshake {
	readonly label: string;
	readonly text: string;
	readonly hint: string | undefined;
}

/** Advice on the refusals whose response has none. */
const ADVICE: ReadonlyMap<string, string> = new Map([
	[NOT_VERIFIED.message, '`verifyClient` in the hooks file did not return true.'],
	[
		HANDSHAKE_TIMEOUT.message,
		'The route took longer than `websocket.handshakeTimeout` allows. Return the response of `upgradeWebSocket()` before slow work.',
	],
	[SHUTTING_DOWN.message, 'The dev server restarts. Clients may try again.'],
	[BAD_HANDSHAKE.message, 'The client sent a request that is not a handshake of RFC 6455.'],
	[FAILED.message, 'A hook or a route threw an error.'],
]);

/** Describes a handshake that was not accepted. */
export function describeRefusal(
	path: string,
	response: ScannedResponse | undefined,
): RefusedHandshake {
	if (response === undefined) {
		return {
			label: 'no response',
			text: 'The connection ended before a response.',
			hint: 'The client left, or another listener of the server took the connection.',
		};
	}
	const { status, text = '' } = response;
	// In development, refusals name the option below their message.
	const [message = '', ...explanation] = text.trim().split('\n');
	return {
		label: String(status),
		text: cut(hideTokens(message || `Refused with the status ${status}.`)),
		hint: cut(explanation.join('\n')) || ADVICE.get(message) || adviceOn(status, path),
	};
}

function adviceOn(status: number, path: string): string | undefined {
	if (status === 404) return `No route of the site answers ${path.split('?')[0]}.`;
	if (status === 426) return 'The client speaks another version of the WebSocket protocol.';
	if (status >= 500) return 'The route failed. The terminal shows its error.';
	if (status >= 400) return 'The route, or middleware of the site, refused the handshake.';
	return 'The route returned another response than that of `upgradeWebSocket()`.';
}
