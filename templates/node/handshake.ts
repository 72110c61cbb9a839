import type { IncomingMessage } from 'node:http';
import { isWebSocketHandshake, tokens } from '../shared/handshake.ts';

/** {@link isWebSocketHandshake} for Node's request. */
export function isHandshake(request: IncomingMessage): boolean {
	const { headers } = request;
	return isWebSocketHandshake({
		method: request.method,
		upgrade: headers.upgrade,
		connection: headers.connection,
		key: headers['sec-websocket-key'],
		version: headers['sec-websocket-version'],
		hasBody:
			headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0,
	});
}

/** The subprotocols the client offered, in its order of preference. */
export function offeredProtocols(request: IncomingMessage): string[] {
	return tokens(request.headers['sec-websocket-protocol']);
}

/** The address the client asked for, as `WebSocket.url` writes it. */
export function webSocketUrl(request: IncomingMessage, path: string): string {
	const scheme = 'encrypted' in request.socket ? 'wss' : 'ws';
	const url = `${scheme}://${request.headers.host}${path}`;
	return URL.canParse(url) ? new URL(url).href : `${scheme}://localhost/`;
}
