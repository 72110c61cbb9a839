/**
 * The times and limits of a client, in milliseconds where nothing else is said. The module has no
 * imports: bundlers write the constants of such modules in place.
 */

/** Silence after which the server is pinged. */
export const PING_INTERVAL: number = 25_000;
/** The time in which connections that opened together send their pings. */
export const PING_SPREAD: number = 5_000;
/** The time for the answer to a ping. With the interval: a dead link is found within 30 s. */
export const PONG_TIMEOUT: number = 5_000;
/** The time until `welcome`. */
export const CONNECT_TIMEOUT: number = 20_000;
export const FIRST_WAIT: number = 500;
export const LONGEST_WAIT: number = 20_000;
/** A connection that lived this long was a success: the waits begin anew. */
export const STABLE_AFTER: number = 10_000;
/**
 * The time from the last use of a handle or a connection until it ends, for a page that replaces its
 * parts.
 */
export const IDLE_TIMEOUT: number = 1_000;
/** The time for the answer to a message. */
export const SEND_TIMEOUT: number = 20_000;
/** The most kept messages that a join asks for. No channel keeps as many. */
export const MOST_MESSAGES: number = 1e9;
/**
 * The number of messages of a client that may wait for a connection, or for answers, and of messages
 * to a handle that wait for its first listener.
 */
export const BUFFER_SIZE: number = 100;
/** The number of messages to a channel that are under way. A server refuses more of a connection. */
export const MOST_UNANSWERED: number = 16;
/**
 * The time between two ephemeral messages to a channel. A server takes 50 messages per second of a
 * user, and a page may send one per frame of its screen. The server would drop the rest, also the
 * last place of a cursor, and refuse acknowledged messages among them.
 */
export const CAST_INTERVAL: number = 25;
/**
 * The time in which a handle must meet its position again after a join that began elsewhere. Kept
 * messages follow `joined` at once, so this is longer than most of them take.
 */
export const MEETING_TIMEOUT: number = 2_000;
/**
 * The time in which users come back to a channel that began anew, as long as a lost member stays. A
 * server that restarts forgets who was present.
 */
export const RETURN_TIMEOUT: number = 15_000;
/** The time after a list of members in which the server tells that the channel began anew. */
export const NEWS_TIMEOUT: number = 2_000;

/** Close codes (RFC 6455 section 7.4.1). The second one means that there was no close frame. */
export const NORMAL_CLOSURE: number = 1000;
export const ABNORMAL_CLOSURE: number = 1006;
/** The `readyState` of an open WebSocket. */
export const OPEN: number = 1;
