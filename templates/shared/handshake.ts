/** The parts of a request that make it a WebSocket handshake, header values as received. */
export interface HandshakeRequest {
	readonly method: string | undefined;
	readonly upgrade: string | undefined;
	readonly connection: string | undefined;
	readonly key: string | undefined;
	readonly version: string | undefined;
	/** Whether a body was announced. */
	readonly hasBody: boolean;
}

/** Reads a handshake's parts by a way to look up headers. */
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
		hasBody:
			header('transfer-encoding') !== undefined || Number(header('content-length') ?? 0) !== 0,
	};
}

/** Whether it is a `Sec-WebSocket-Key`: RFC 6455 section 4.1, 16 bytes in base64. */
export function isKey(text: string): boolean {
	return /^[+/0-9A-Za-z]{22}==$/.test(text);
}

/**
 * Whether the request is a handshake by RFC 6455 section 4.2.1. Anything else with an `Upgrade`
 * header (h2c, a bad key, HEAD) is an ordinary request, for a server may ignore that header
 * (RFC 9110 section 7.8). One with a body is as well: its bytes would be taken for frames.
 */
export function isWebSocketHandshake(request: HandshakeRequest): boolean {
	return (
		request.method === 'GET' &&
		request.upgrade?.toLowerCase() === 'websocket' &&
		tokens(request.connection).some((token) => token.toLowerCase() === 'upgrade') &&
		request.key !== undefined &&
		isKey(request.key) &&
		request.version === '13' &&
		!request.hasBody
	);
}

/** The elements of a comma-separated header, such as the offers in `Sec-WebSocket-Protocol`. */
export function tokens(header: string | null | undefined): string[] {
	return (header ?? '')
		.split(',')
		.map((token) => token.trim())
		.filter(Boolean);
}
