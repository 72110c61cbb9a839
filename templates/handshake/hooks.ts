import type { ReportSubject } from '../socket/report.ts';

/** The handshake passed to hooks. */
export interface WebSocketHandshake {
	/** The request, with its headers and cookies. */
	readonly request: Request;
	/** The address of the client. Empty if it has none, as on a Unix socket. */
	readonly clientAddress: string;
	/** The subprotocols offered by the client, in its order of preference. */
	readonly protocols: readonly string[];
}

/**
 * Decides whether a handshake continues to your routes. It runs after the limits and the check of
 * the origin.
 *
 * @returns `true` to continue, `false` to answer with 403, or your own response.
 */
export type VerifyClient = (
	handshake: WebSocketHandshake,
) => boolean | Response | Promise<boolean | Response>;

/**
 * Selects the subprotocol if the route does not. It runs in `upgradeWebSocket()` if the client
 * offers any.
 *
 * @returns One of the offered subprotocols, or `undefined` for none.
 */
export type SelectProtocol = (
	protocols: readonly string[],
	handshake: WebSocketHandshake,
) => string | undefined;

/** An error in a handler or a hook. */
export interface WebSocketFailure extends ReportSubject {
	readonly error: unknown;
	/** The message that the log would print before the error. */
	readonly message: string;
}

/** Receives every error in a handler or a hook. Such errors are then not logged. */
export type OnError = (failure: WebSocketFailure) => void | Promise<void>;

/**
 * Returns the client address counted by the limits. Use it to read the address from a header set by
 * your proxy.
 *
 * @param address The address found from the connection and `websocket.trustedProxies`.
 */
export type ClientAddress = (request: Request, address: string) => string | Promise<string>;

/** The exports of the file named by `websocket.hooks`. */
export interface WebSocketHooks {
	readonly verifyClient?: VerifyClient;
	readonly selectProtocol?: SelectProtocol;
	readonly onError?: OnError;
	readonly clientAddress?: ClientAddress;
}
