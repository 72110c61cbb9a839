/**
 * What a site imports from the package's `/websocket`, the same on every runtime: the locals, and the
 * types of sockets and of hooks.
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
	/** The subprotocol to speak, one of those the client offered. Default: none. */
	protocol?: string;
	/** Headers for the response, beside those that middleware and cookies add. */
	headers?: ConstructorParameters<typeof Headers>[0];
	/** Labels to find the connection by. */
	tags?: readonly string[];
	/** Values of yours that belong to the connection, by key. */
	data?: object;
}

/** What `locals.upgradeWebSocket()` gives. */
export interface WebSocketUpgrade {
	/** The server's end, `CONNECTING` until `response` has been returned and sent. */
	readonly socket: AstroWebSocket;
	/** Return it to accept. Returning anything else rejects with that answer. */
	readonly response: Response;
}

/** What the adapter adds to `App.Locals`. */
export interface WebSocketLocals {
	/** Whether this request is a WebSocket handshake that can be accepted. */
	isUpgradeRequest: boolean;
	/**
	 * Prepares to accept the handshake; the returned `response` does so when it is returned.
	 *
	 * @throws Error if the request is no upgrade request, if it was called before in this request,
	 * or if `options.protocol` was not offered by the client.
	 */
	upgradeWebSocket(options?: UpgradeWebSocketOptions): WebSocketUpgrade;
}
