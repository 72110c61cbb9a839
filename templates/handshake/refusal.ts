/** The reason for a handshake without a connection. */
export type RejectionReason =
	/** `maxConnections` */
	| 'too-many-connections'
	/** `maxConnectionsPerIP` */
	| 'too-many-from-client'
	/** `rateLimitMaxConnections` */
	| 'too-many-handshakes'
	| 'shutting-down'
	/** The origin is not allowed. */
	| 'origin'
	/** The `verifyClient` hook refused it. */
	| 'not-verified'
	/** `handshakeTimeout` */
	| 'timeout'
	/** No site serves the path. */
	| 'not-found'
	/** The handshake is malformed. */
	| 'bad-handshake'
	/** A hook or a request handler failed. */
	| 'failed'
	/** The site returned another response, for example 401. */
	| 'answered'
	/** The client left before the response. */
	| 'client-left';

/** The response to a refused handshake. */
export interface Refusal {
	readonly reason: RejectionReason;
	readonly status: number;
	readonly message: string;
	/** Seconds after which the client may retry. */
	readonly retryAfter?: number;
	/** Additional headers of the response. */
	readonly headers?: Readonly<Record<string, string>>;
}

/** `Retry-After` of a server that is full or shutting down, in seconds. */
const RETRY_LATER = 5;

export const SHUTTING_DOWN: Refusal = {
	reason: 'shutting-down',
	status: 503,
	message: 'The server is shutting down.',
	retryAfter: RETRY_LATER,
};

export const TOO_MANY_CONNECTIONS: Refusal = {
	reason: 'too-many-connections',
	status: 503,
	message: 'There are too many WebSocket connections.',
	retryAfter: RETRY_LATER,
};

export const TOO_MANY_FROM_CLIENT: Refusal = {
	reason: 'too-many-from-client',
	status: 429,
	message: 'There are too many WebSocket connections from your address.',
};

export function tooManyHandshakes(retryAfter: number): Refusal {
	return {
		reason: 'too-many-handshakes',
		status: 429,
		message: 'There were too many WebSocket handshakes from your address.',
		retryAfter,
	};
}

export const HANDSHAKE_TIMEOUT: Refusal = {
	reason: 'timeout',
	status: 503,
	message: 'The answer to the WebSocket handshake took too long.',
};

export const FORBIDDEN_ORIGIN: Refusal = {
	reason: 'origin',
	status: 403,
	message: 'WebSocket connections from this origin are not allowed.',
};

export const NOT_VERIFIED: Refusal = {
	reason: 'not-verified',
	status: 403,
	message: 'This WebSocket connection is not allowed.',
};

export const NO_SUCH_PATH: Refusal = {
	reason: 'not-found',
	status: 404,
	message: 'Not found.',
};

export const BAD_HANDSHAKE: Refusal = {
	reason: 'bad-handshake',
	status: 400,
	message: 'The request is not a WebSocket handshake.',
};

/** The version of the protocol. There has been no other since 2011. */
export const VERSION = '13';

/**
 * RFC 6455 section 4.4 requires `Sec-WebSocket-Version`. RFC 9110 requires `Upgrade` (section
 * 15.5.22) and the `Upgrade` option in `Connection` (section 7.8).
 */
export const UNSUPPORTED_VERSION: Refusal = {
	reason: 'bad-handshake',
	status: 426,
	message: `The only supported Sec-WebSocket-Version is ${VERSION}.`,
	headers: { Connection: 'Upgrade, close', Upgrade: 'websocket', 'Sec-WebSocket-Version': VERSION },
};

export const MALFORMED_KEY: Refusal = {
	reason: 'bad-handshake',
	status: 400,
	message: 'The Sec-WebSocket-Key is malformed.',
};

export const MALFORMED_PROTOCOLS: Refusal = {
	reason: 'bad-handshake',
	status: 400,
	message: 'The Sec-WebSocket-Protocol is malformed.',
};

export const MALFORMED_PATH: Refusal = {
	reason: 'bad-handshake',
	status: 400,
	message: 'The path is malformed.',
};

export const FAILED: Refusal = {
	reason: 'failed',
	status: 500,
	message: 'Internal server error.',
};

/** The response headers of a refusal. */
export function refusalHeaders({ retryAfter, headers }: Refusal): Record<string, string> {
	return {
		'Content-Type': 'text/plain; charset=utf-8',
		...headers,
		...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
	};
}
