import type { IncomingMessage } from 'node:http';
import { handshakeRequest, isWebSocketHandshake, tokens } from '../shared/handshake.ts';

/**
 * {@link isWebSocketHandshake} for Node's request. RFC 6455 section 4.2.1 also asks for HTTP/1.1 and
 * for a host; Node refuses other requests without one, but hands upgrades out before.
 */
export function isHandshake({ method, headers, httpVersion }: IncomingMessage): boolean {
	return (
		httpVersion !== '1.0' &&
		headers.host !== undefined &&
		isWebSocketHandshake(handshakeRequest(method, (name) => headers[name]?.toString()))
	);
}

/** The subprotocols the client offered, in its order of preference. */
export function offeredProtocols(request: IncomingMessage): string[] {
	return tokens(request.headers['sec-websocket-protocol']);
}

/** A request target that names the whole address (RFC 9112 section 3.2.2). */
const ABSOLUTE_FORM = /^(?:http|ws)s?:\/\/[^/?]*/i;

/**
 * The path and query the client asked for. A handshake may name the whole address in their place
 * (RFC 6455 section 4.1).
 */
export function requestPath({ url = '/' }: IncomingMessage): string {
	const path = url.replace(ABSOLUTE_FORM, '');
	return path.startsWith('/') || path === '*' ? path : `/${path}`;
}

/** The address the client asked for, as `WebSocket.url` writes it. */
export function webSocketUrl(request: IncomingMessage, path: string): string {
	return url(request, 'ws', path);
}

/**
 * The request as the standards have it.
 *
 * @param path What the client asked for; hosts shorten `request.url`.
 */
export function webRequest(request: IncomingMessage, path: string): Request {
	const headers = new Headers();
	const { rawHeaders } = request;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
	}
	return new Request(url(request, 'http', path), { headers });
}

function url(request: IncomingMessage, protocol: 'ws' | 'http', path: string): string {
	const scheme = 'encrypted' in request.socket ? `${protocol}s` : protocol;
	const origin = originOf(scheme, request.headers.host);
	return new URL(path.startsWith('/') ? `${origin}${path}` : `${origin}/${path}`).href;
}

/**
 * Clients write anything into `Host`. What is more than a host would become a part of the path,
 * or stand in front of it, and hooks decide by the path that the request is answered for.
 */
function originOf(scheme: string, host: string | undefined): string {
	const text = `${scheme}://${host}`;
	const url = URL.canParse(text) ? new URL(text) : undefined;
	const origin = `${scheme}://${url?.host}`;
	return url?.href === `${origin}/` ? origin : `${scheme}://localhost`;
}
