/** The subprotocol that client and server agree on. */
export const PROTOCOL: string = 'zastro-realtime.v1';
/** The prefix of the subprotocol's name in every version. */
export const PROTOCOL_FAMILY: string = 'zastro-realtime.';
/**
 * The prefix of a subprotocol that carries the token of `createClient({ auth })` as base64url, for
 * browsers, which cannot set headers.
 */
export const AUTH_PROTOCOL_PREFIX: string = 'zastro-auth.';

/** The folder of the endpoint, below the site's base. */
export const ENDPOINT: string = '/_realtime';

/** Ends the `hello` of a client that takes several frames in one message. */
export const LINES = 1;
/** Stands between the frames of a message. JSON has none. */
export const LINE_END: string = '\n';

export const PING: string = 'ping';
export const PONG: string = 'pong';

/**
 * The characters of a text frame, or the bytes of another one, that a client sends. A server refuses a
 * frame that has as many. The rest would be in the way of all other channels, and a server closes a
 * connection for a message that it does not read.
 */
export const LONGEST_FRAME: number = 100_000;

/** Bytes after which the server sends `credit`, and waits for it before it reads more history. */
export const CREDIT_INTERVAL: number = 256 * 1024;
/** Unacknowledged bytes above which ephemeral messages are dropped. */
export const EPHEMERAL_LIMIT: number = 512 * 1024;
/** Unacknowledged bytes above which the connection is closed. */
export const UNACKNOWLEDGED_LIMIT: number = 1024 * 1024;

export const SLOW_CONSUMER: number = 4008;
export const BROKEN_ORDER: number = 4400;
export const EXPIRED: number = 4401;
export const SESSION_TAKEN: number = 4409;
/** The first of the codes after which a client stops. */
export const FINAL: number = 4500;
export const MALFORMED_FRAME: number = 4500;
/** The connection is for messages to the user, and there is none. */
export const NO_USER: number = 4501;
export const UNKNOWN_VERSION: number = 4505;
