/** The limits of a site's definitions. Those of channels are in `channel/limits`. */

/** Bytes of `connection.data` as JSON. */
export const MAX_CONNECTION_DATA_BYTES: number = 8 * 1024;
/** Bytes of a user as JSON. */
export const MAX_USER_BYTES: number = 4 * 1024;
/** Characters of the id of a user, and of a published message. */
export const MAX_ID_LENGTH: number = 128;
/** Users of one `socket.to()`. */
export const MAX_RECIPIENTS: number = 100;
export const DEFAULT_BINARY_BYTES: number = 64 * 1024;

/** Seconds for a handler. */
export const DEFAULT_TIMEOUT: number = 30;
export const MAX_TIMEOUT: number = 3600;

/** Messages and seconds of a channel's history. */
export const DEFAULT_HISTORY_SIZE: number = 100;
export const DEFAULT_HISTORY_TTL: number = 300;
export const MAX_HISTORY_SIZE: number = 100_000;
/** 30 days. */
export const MAX_HISTORY_TTL: number = 30 * 24 * 3600;
