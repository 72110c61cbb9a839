/** The answer to a handshake that is not let through. */
export interface Refusal {
	readonly status: number;
	readonly message: string;
	/** Seconds after which to try again. */
	readonly retryAfter?: number;
}

/** Seconds after which a server that is full, or closing, may be asked again. */
const RETRY_LATER = 5;

export const SHUTTING_DOWN: Refusal = {
	status: 503,
	message: 'The server is shutting down.',
	retryAfter: RETRY_LATER,
};

export const TOO_MANY_CONNECTIONS: Refusal = {
	status: 503,
	message: 'There are too many WebSocket connections.',
	retryAfter: RETRY_LATER,
};

export const TOO_MANY_FROM_CLIENT: Refusal = {
	status: 429,
	message: 'There are too many WebSocket connections from your address.',
};

export function tooManyHandshakes(retryAfter: number): Refusal {
	return {
		status: 429,
		message: 'There were too many WebSocket handshakes from your address.',
		retryAfter,
	};
}

export const HANDSHAKE_TIMEOUT: Refusal = {
	status: 503,
	message: 'The answer to the WebSocket handshake took too long.',
};

export const FORBIDDEN_ORIGIN: Refusal = {
	status: 403,
	message: 'WebSocket connections from this origin are not allowed.',
};

export const NOT_VERIFIED: Refusal = {
	status: 403,
	message: 'This WebSocket connection is not allowed.',
};

export const NO_SUCH_PATH: Refusal = { status: 404, message: 'Not found.' };

export const BAD_HANDSHAKE: Refusal = {
	status: 400,
	message: 'The request is not a WebSocket handshake.',
};

export const FAILED: Refusal = { status: 500, message: 'Internal server error.' };

/** The headers of the answer that a refusal is. */
export function refusalHeaders({ retryAfter }: Refusal): Record<string, string> {
	return {
		'Content-Type': 'text/plain; charset=utf-8',
		...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
	};
}
