/**
 * The types exported from the package's `/websocket`, the same on every runtime: the locals, and
 * the types of sockets and hooks.
 */

import type { AstroWebSocket } from '../socket/types.ts';

export type {
	ClientAddress,
	OnError,
	SelectProtocol,
	VerifyClient,
	WebSocketFailure,
	WebSocketHandshake,
} from '../handshake/hooks.ts';
export type * from '../socket/types.ts';

/** Options of `locals.upgradeWebSocket()`. */
export interface UpgradeWebSocketOptions {
	/** The subprotocol to use, one of those offered by the client. Default: none. */
	protocol?: string | undefined;
	/** Headers for the response, in addition to those of middleware and cookies. */
	headers?: ConstructorParameters<typeof Headers>[0] | undefined;
	/** Labels for finding the connection. */
	tags?: readonly string[] | undefined;
	/** Your own values for the connection, by key. */
	data?: object | undefined;
}

/** The result of `locals.upgradeWebSocket()`. */
export interface WebSocketUpgrade {
	/** The server's end, `CONNECTING` until you return `response` and it has been sent. */
	readonly socket: AstroWebSocket;
	/** Return it to accept the handshake. Any other response refuses the handshake. */
	readonly response: Response;
}

/** The properties that the adapter adds to `App.Locals`. */
export interface WebSocketLocals {
	/** Whether this request is a WebSocket handshake that you can accept. */
	isUpgradeRequest: boolean;
	/**
	 * Prepares the acceptance of the handshake. Return its `response` to accept.
	 *
	 * @throws Error if the request is not an upgrade request, if it was already called for this
	 * request, or if the client did not offer `options.protocol`.
	 */
	upgradeWebSocket(options?: UpgradeWebSocketOptions): WebSocketUpgrade;
}
