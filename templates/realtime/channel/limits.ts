/** The limits of a channel. docs/realtime.md lists those that a site meets. */

/** Entries of a page of a log, and the bytes of those that are more than one. */
export const PAGE_SIZE: number = 100;
export const PAGE_BYTES: number = 256 * 1024;

/** Messages of a user to a channel: the steady rate per second, and the size of a burst. */
export const MESSAGES_PER_SECOND: number = 50;
export const MESSAGE_BURST: number = 100;
/** Messages of a connection to a channel that may wait for their turn. */
export const MAX_WAITING: number = 16;
/** Turns of promises in which a handler is quick: it has no timer, and its claim is stored after it. */
export const QUICK_TURNS: number = 16;
/** The size of a client's message in bytes. */
export const MAX_MESSAGE_BYTES: number = 64 * 1024;
/** The size of a kept message in bytes. */
export const MAX_KEPT_BYTES: number = 256 * 1024;

/** Claims that a session keeps, the size of an outcome in bytes, and the milliseconds it is kept. */
export const MAX_CLAIMS: number = 128;
export const MAX_OUTCOME_BYTES: number = 4 * 1024;
export const CLAIM_LIFETIME: number = 120_000;
/** The length of a session's public id, of `a-z0-9`. */
export const SESSION_ID_LENGTH: number = 16;
/** Sessions of a user. The oldest suspended one makes room for a new one. */
export const MAX_SESSIONS: number = 20;

/** Milliseconds until a member leaves after a clean close of its connection, and after its loss. */
export const GRACE_AFTER_CLOSE: number = 5_000;
export const GRACE_AFTER_LOSS: number = 15_000;
/** Milliseconds in which changes of presence are gathered. */
export const PRESENCE_INTERVAL: number = 250;
/**
 * Members, and their size as JSON in bytes, above which presence tells their count alone. A member
 * that joins gets the list at once, within the unacknowledged bytes of its connection.
 */
export const MAX_LISTED_MEMBERS: number = 500;
export const MAX_LISTED_BYTES: number = 256 * 1024;
/** Bytes as JSON: what a member says of itself, and the same with what the server adds. */
export const MAX_PRESENCE_BYTES: number = 4 * 1024;
export const MAX_MEMBER_DATA_BYTES: number = 8 * 1024;

/** Milliseconds after which a feed reads the log, because a message that the log has is missing. */
export const ECHO_TIMEOUT: number = 5_000;
/** Milliseconds until the log is asked again after it failed. */
export const LOG_RETRY: number = 1_000;
/** Milliseconds for which a channel without members goes on listening. */
export const LINGER: number = 10_000;
/** Positions that a channel remembers in order to tell a repeated message from a rewritten log. */
export const REMEMBERED_POSITIONS: number = 256;
