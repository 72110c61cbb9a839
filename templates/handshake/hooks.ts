import type { ReportSubject } from '../socket/report.ts';

/** A handshake, as hooks see it. */
export interface WebSocketHandshake {
	/** The request, with its headers and cookies. */
	readonly request: Request;
	/** The address of the client; the empty string if it has none, as on a Unix socket. */
	readonly clientAddress: string;
	/** The subprotocols that the client offers, in its order of preference. */
	readonly protocols: readonly string[];
}

/**
 * Decides whether a handshake goes on to the site's routes. It runs behind the limits and the check
 * of the origin.
 *
 * @returns `true` to let it through, `false` to answer with 403, or another answer.
 */
export type VerifyClient = (
	handshake: WebSocketHandshake,
) => boolean | Response | Promise<boolean | Response>;

/**
 * Chooses the subprotocol where a route leaves that open. It runs in `upgradeWebSocket()`, if the
 * client offers any.
 *
 * @returns One of those that are offered, or `undefined` for none.
 */
export type SelectProtocol = (
	protocols: readonly string[],
	handshake: WebSocketHandshake,
) => string | undefined;

/** An error in a handler or a hook. */
export interface WebSocketFailure extends ReportSubject {
	readonly error: unknown;
	/** The message that the log would have in front of the error. */
	readonly message: string;
}

/** Receives every error in a handler or a hook, in place of the log. */
export type OnError = (failure: WebSocketFailure) => void | Promise<void>;

/**
 * Tells the address of a client, by which limits count it, from what a proxy adds to the request.
 *
 * @param address What it would be otherwise, by the connection and `websocket.trustedProxies`.
 */
export type ClientAddress = (request: Request, address: string) => string | Promise<string>;

/** What the file that `websocket.hooks` names may export. */
export interface WebSocketHooks {
	readonly verifyClient?: VerifyClient;
	readonly selectProtocol?: SelectProtocol;
	readonly onError?: OnError;
	readonly clientAddress?: ClientAddress;
}
