import type { IncomingMessage } from 'node:http';
import {
	asksForWebSocket,
	type HandshakeRequest,
	handshakeRequest,
	isWebSocketHandshake,
	malformation,
	tokens,
} from '../../handshake/handshake.ts';
import { BAD_HANDSHAKE, type Refusal } from '../../handshake/refusal.ts';
import type { ReportSubject } from '../../socket/report.ts';
import { connectionScheme } from '../http/system-socket.ts';
import type { UpgradeContext } from './context.ts';

/**
 * Whether a request asks for a WebSocket, with a well-formed handshake or not. HTTP/1.0 must ignore
 * the `Upgrade` header (RFC 9110 section 7.8).
 */
export function isUpgrade(request: IncomingMessage): boolean {
	return request.httpVersion !== '1.0' && asksForWebSocket(partsOf(request));
}

/**
 * The refusal of a malformed handshake. RFC 6455 section 4.2.1 also requires a host. Node rejects
 * ordinary requests without one, but emits upgrades before this check.
 */
export function malformedUpgrade(request: IncomingMessage): Refusal | undefined {
	if (request.headers.host === undefined) return BAD_HANDSHAKE;
	return malformation(partsOf(request));
}

/** {@link isWebSocketHandshake} for Node's request. */
export function isHandshake(request: IncomingMessage): boolean {
	return isUpgrade(request) && malformedUpgrade(request) === undefined;
}

function partsOf({ method, headers }: IncomingMessage): HandshakeRequest {
	return handshakeRequest(method, (name) => headers[name]?.toString());
}

/** The offered subprotocols, in the client's order of preference. */
export function offeredProtocols(request: IncomingMessage): string[] {
	return tokens(request.headers['sec-websocket-protocol']);
}

/** A request target in absolute form (RFC 9112 section 3.2.2). */
const ABSOLUTE_FORM = /^(?:http|ws)s?:\/\/[^/?]*/i;

/**
 * The path and query requested by the client. A handshake may use the absolute form instead (RFC
 * 6455 section 4.1).
 */
export function requestPath({ url = '/' }: IncomingMessage): string {
	const path = url.replace(ABSOLUTE_FORM, '');
	return path.startsWith('/') || path === '*' ? path : `/${path}`;
}

/**
 * The value of `WebSocket.url`. `origin` is that of the site, with the scheme `http` or `https`.
 */
export function webSocketUrl(origin: string, path: string): string {
	return `ws${url(origin, path).slice('http'.length)}`;
}

/**
 * Creates a standard `Request`.
 *
 * @param origin The origin of the site, as in Astro's `context.url`.
 * @param path The path requested by the client; hosts shorten `request.url`.
 */
export function webRequest(request: IncomingMessage, origin: string, path: string): Request {
	const headers = new Headers();
	const { rawHeaders } = request;
	for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
		headers.append(rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '');
	}
	return new Request(url(origin, path), { headers });
}

/**
 * The subject of a report about this request. The getter is lazy: most sites have no `onError`
 * hook.
 */
export function subjectOf(
	request: IncomingMessage,
	context: Pick<UpgradeContext, 'origin' | 'path'>,
): ReportSubject {
	return {
		get request() {
			return siteRequest(request, context);
		},
	};
}

function url(origin: string, path: string): string {
	return new URL(path.startsWith('/') ? `${origin}${path}` : `${origin}/${path}`).href;
}

/** The request of a handshake as a site sees it. */
export function siteRequest(
	request: IncomingMessage,
	context: Pick<UpgradeContext, 'origin' | 'path'>,
): Request {
	return webRequest(request, siteOrigin(request, context), context.path);
}

/** The origin of `context.url`. Until a site answers, it is the one in the request itself. */
export function siteOrigin(
	request: IncomingMessage,
	{ origin }: Pick<UpgradeContext, 'origin'>,
): string {
	return origin ?? requestOrigin(request);
}

/** The origin in the request itself. */
export function requestOrigin(request: IncomingMessage): string {
	const scheme = connectionScheme(request.socket);
	return originOf(scheme, request.headers.host) ?? `${scheme}://localhost`;
}

/**
 * The origin for a `Host` header, or `undefined` if it is invalid. Clients can write anything into
 * the header. Anything more than a host would change the path, and hooks decide by the path.
 */
export function originOf(scheme: string, host: string | undefined): string | undefined {
	const text = `${scheme}://${host}`;
	if (host === undefined || !URL.canParse(text)) return undefined;
	const { href, origin } = new URL(text);
	return href === `${origin}/` ? origin : undefined;
}
