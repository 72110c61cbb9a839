/** The limits of the engine on Redis alone. Others are in `engine/limits`. */

/** The oldest version of Redis that the engine works on. */
export const OLDEST_REDIS: readonly [major: number, minor: number] = [7, 0];
/** The version of what the engine writes. Newer data is refused. */
export const FORMAT: number = 1;
/** The first change of a group has a number that this divides. */
export const FIRST_CHANGE: number = 1000;

/**
 * Milliseconds for which Redis knows which connection of a user ended last. A process whose link was
 * cut asks again.
 */
export const TURN_LIFETIME: number = 24 * 3600 * 1000;
/** What the removal of a member is answered with, as bits: it was the last one, the first one. */
export const IS_LAST: number = 1;
export const WAS_FIRST: number = 2;

/** Messages of a channel that one command appends, and their size. */
export const MAX_TOGETHER: number = 100;
export const MAX_TOGETHER_BYTES: number = 256 * 1024;

/** Messages that a script takes from a log at once, at most. */
export const READ_AT_ONCE: number = 32;
