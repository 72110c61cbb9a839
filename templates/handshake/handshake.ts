import {
	MALFORMED_KEY,
	MALFORMED_PROTOCOLS,
	type Refusal,
	UNSUPPORTED_VERSION,
	VERSION,
} from './refusal.ts';

/** The parts of a request that make it a WebSocket handshake. Header values are unparsed. */
export interface HandshakeRequest {
	readonly method: string | undefined;
	readonly upgrade: string | undefined;
	readonly connection: string | undefined;
	readonly key: string | undefined;
	readonly version: string | undefined;
	/** The offered subprotocols. */
	readonly protocols: string | undefined;
	/** Whether the request announces a body. */
	readonly hasBody: boolean;
}

/**
 * Reads the parts of a handshake.
 *
 * @param header Returns the value of a request header.
 */
export function handshakeRequest(
	method: string | undefined,
	header: (name: string) => string | undefined,
): HandshakeRequest {
	return {
		method,
		upgrade: header('upgrade'),
		connection: header('connection'),
		key: header('sec-websocket-key'),
		version: header('sec-websocket-version'),
		protocols: header('sec-websocket-protocol'),
		hasBody:
			header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) !== 0,
	};
}

/** Whether the text is a valid `Sec-WebSocket-Key`: 16 bytes in base64 (RFC 6455 section 4.1). */
export function isKey(text: string): boolean {
	return /^[+/0-9A-Za-z]{22}==$/.test(text);
}

/**
 * Whether the request asks for a WebSocket. Any other request with an `Upgrade` header (h2c, HEAD,
 * POST) is an ordinary one, because a server may ignore that header (RFC 9110 section 7.8). So is a
 * request with a body: its bytes would be parsed as frames.
 */
export function asksForWebSocket(request: HandshakeRequest): boolean {
	return (
		request.method === 'GET' &&
		request.upgrade?.toLowerCase() === 'websocket' &&
		tokens(request.connection).some((token) => token.toLowerCase() === 'upgrade') &&
		!request.hasBody
	);
}

/**
 * Finds the error of a malformed handshake (RFC 6455 section 4.2.1).
 *
 * @returns The refusal; `undefined` if the handshake is well formed.
 */
export function malformation({ key, version, protocols }: HandshakeRequest): Refusal | undefined {
	if (version !== VERSION) return UNSUPPORTED_VERSION;
	if (key === undefined || !isKey(key)) return MALFORMED_KEY;
	return areProtocols(tokens(protocols)) ? undefined : MALFORMED_PROTOCOLS;
}

/** Whether the request is a well-formed handshake (RFC 6455 section 4.2.1). */
export function isWebSocketHandshake(request: HandshakeRequest): boolean {
	return asksForWebSocket(request) && malformation(request) === undefined;
}

/** Whether all offers are tokens, without duplicates (RFC 6455 section 4.1, item 10). */
export function areProtocols(offered: readonly string[]): boolean {
	return (
		new Set(offered).size === offered.length &&
		offered.every((token) => /^[\w!#$%&'*+.^`|~-]+$/.test(token))
	);
}

/** The elements of a comma-separated header, such as the offers in `Sec-WebSocket-Protocol`. */
export function tokens(header: string | null | undefined): string[] {
	return (header ?? '')
		.split(',')
		.map((token) => token.trim())
		.filter(Boolean);
}
