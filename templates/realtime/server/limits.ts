/** Joins of a connection: the steady rate per second, and what a refused one counts. */
export const JOINS_PER_SECOND: number = 20;
export const REFUSED_JOIN: number = 10;
/** Milliseconds until a client asks again for a join that failed at the server. */
export const FAILED_JOIN: number = 10_000;
/** Channels of a connection. A client that reconnects joins all of them at once. */
export const MAX_CHANNELS: number = 128;
/** Bytes of frames that may wait for the answer to `hello`. */
export const MAX_EARLY_BYTES: number = 1024 * 1024;
/** Characters of frames that go out in one message. A client sees none of them before it has all. */
export const MAX_HELD_LENGTH: number = 64 * 1024;

/** The close code for a connection that cannot be served now: 1013 as a code of the protocol. */
export const TRY_AGAIN_LATER: number = 4013;

/**
 * Milliseconds between the pings to a connection, at most. A dead one is found in the second
 * interval, and presence promises 45 s.
 */
export const HEARTBEAT_INTERVAL: number = 20_000;

/** The longest time of a timer in Node, in milliseconds: longer ones fire at once. */
export const LONGEST_TIMER: number = 2_147_483_647;
