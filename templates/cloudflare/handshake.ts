import { handshakeRequest, isWebSocketHandshake, tokens } from '../shared/handshake.ts';

/** What is taken to be there where a request does not show it. */
const IMPLIED: ReadonlyMap<string, string> = new Map([
	['connection', 'Upgrade'],
	['sec-websocket-key', 'AAAAAAAAAAAAAAAAAAAAAA=='],
	['sec-websocket-version', '13'],
]);

/**
 * {@link isWebSocketHandshake} for a Worker's request. A handshake that another Worker makes by
 * `fetch()` has no header but `Upgrade`.
 */
export function isHandshake({ method, headers }: Request): boolean {
	return isWebSocketHandshake(
		handshakeRequest(method, (name) => headers.get(name) ?? IMPLIED.get(name)),
	);
}

/** The subprotocols the client offered, in its order of preference. */
export function offeredProtocols({ headers }: Request): string[] {
	return tokens(headers.get('sec-websocket-protocol') ?? undefined);
}

/** The address the client asked for, as `WebSocket.url` writes it. */
export function webSocketUrl({ url }: Request): string {
	return url.replace(/^http/, 'ws');
}
