import { AUTH_PROTOCOL_PREFIX, ENDPOINT, PROTOCOL } from '../protocol/constants.ts';
import { resolveUrl } from './base/url.ts';

/** The parts of the standard's WebSocket that the client uses. */
export interface WebSocketLike {
	readonly url: string;
	binaryType: string;
	readonly readyState: number;
	onopen: ((event: never) => void) | null;
	onmessage: ((event: never) => void) | null;
	onclose: ((event: never) => void) | null;
	onerror: ((event: never) => void) | null;
	send(data: string | Uint8Array<ArrayBuffer>): void;
	close(code?: number, reason?: string): void;
}

/** A constructor like the one of browsers, of the package `ws`, or of React Native. */
export type WebSocketConstructor = new (
	url: string,
	protocols: never,
	options?: never,
) => WebSocketLike;

export interface WebSocketSettings {
	readonly url: string | URL;
	readonly headers?: Readonly<Record<string, string>> | undefined;
	readonly WebSocket?: WebSocketConstructor | undefined;
}

type AnyConstructor = new (url: string, ...rest: readonly unknown[]) => WebSocketLike;

const page: {
	readonly navigator?: { readonly product?: string };
	readonly WebSocket?: AnyConstructor;
} = globalThis as never;

/**
 * @param token Travels as a subprotocol, because a URL ends up in logs.
 * @param query Is added to that of the URL.
 */
export function openWebSocket(
	settings: WebSocketSettings,
	token: string | undefined,
	query?: string,
): WebSocketLike {
	const url = resolveUrl(settings.url);
	url.hash = '';
	if (query) url.search += (url.search && '&') + query;
	if (url.pathname === '/') url.pathname = ENDPOINT;
	const protocols = [PROTOCOL];
	if (token) protocols.push(AUTH_PROTOCOL_PREFIX + base64url(token));
	const { headers } = settings;
	const Constructor = (settings.WebSocket ?? page.WebSocket) as AnyConstructor;
	// The third argument is for `ws` and React Native. Node, Bun and Deno take an object instead of
	// the list of subprotocols.
	const takesThree = settings.WebSocket !== undefined || page.navigator?.product === 'ReactNative';
	const rest = takesThree ? [protocols, { headers }] : [{ protocols, headers }];
	const socket = new Constructor(url.href, ...(headers ? rest : [protocols]));
	// A listener, because `ws` throws without one. `close` follows.
	socket.onerror = () => {};
	return socket;
}

function base64url(text: string): string {
	return btoa(String.fromCharCode(...new TextEncoder().encode(text)))
		.replaceAll('+', '-')
		.replaceAll('/', '_')
		.replaceAll('=', '');
}
