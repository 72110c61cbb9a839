/** Rows that the server keeps, and the toolbar shows. */
export const MAX_ROWS: number = 500;
/** Characters of a payload that a row shows. */
export const MAX_PREVIEW: number = 2048;
/** Closed connections, and channels, that the server keeps. */
export const MAX_CLOSED: number = 50;
export const MAX_CHANNELS: number = 100;
/** Present members that a channel lists. */
export const MAX_PRESENT: number = 50;
/** Characters of a message that is sent by hand. */
export const MAX_BY_HAND: number = 64 * 1024;
/** Milliseconds between two requests of an open inspector. */
export const WATCH_INTERVAL: number = 4000;
