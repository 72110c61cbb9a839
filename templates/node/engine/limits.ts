/** The times and limits of the engines of several processes. docs/scaling.md has those that a site meets. */

/** Milliseconds within which the server answers. */
export const DEADLINE: number = 5_000;
/** Requests that may wait for an answer, and the size of what they send in bytes. */
export const MAX_PENDING: number = 20_000;
export const MAX_PENDING_BYTES: number = 64 * 1024 * 1024;

/**
 * Reads of logs that are under way at the same time. What they give is on its way together with live
 * messages, and NATS ends a connection with more than 64 MiB on its way.
 */
export const READS_AT_ONCE: number = 64;

/** Milliseconds until the next try to connect: a random time, at most the first one, then doubled. */
export const FIRST_RETRY: number = 250;
export const LONGEST_RETRY: number = 5_000;
/** Milliseconds that a starting server waits for that of its engine: longer than one try to connect. */
export const START_PATIENCE: number = 6_000;

/** Milliseconds between two renewals of a process's lease. They are also its sign of life to itself. */
export const RENEWAL: number = 3_000;
/** Milliseconds without a renewal after which the handlers of a process count as dead. */
export const LEASE: number = 10_000;
/**
 * Milliseconds without a renewal after which others remove the members of a process. A killed
 * process saw the loss of its connections up to a renewal later, and members have 15 s to come back.
 */
export const BURIAL: number = 18_000;
/** Milliseconds for which one process alone clears up after a dead one. */
export const REAPING: number = 30_000;

/** Milliseconds of silence after which the link that delivers messages is made anew. */
export const SILENCE: number = 15_000;
/** Milliseconds between two comparisons of a channel's position with that on the server. */
export const POSITION_CHECK: number = 40_000;
/** Channels that are compared at once. */
export const CHECKED_AT_ONCE: number = 200;
/**
 * Milliseconds after a loss of data until presence is read again. Meanwhile every process enters its
 * members again, and none is told as left.
 */
export const RECOVERY: number = 10_000;

/**
 * Members that a process writes again at once, for example after a loss of data. Messages and signs of
 * life come in between.
 */
export const WRITTEN_AT_ONCE: number = 500;

/** Seconds for which a channel's position outlives its last message. */
export const HEAD_LIFETIME: number = 30 * 24 * 3600;
/** Milliseconds for which the publisher's id of a message is remembered. */
export const ID_LIFETIME: number = 120_000;

/** Milliseconds for which a session outlives its process. Its process renews it in time. */
export const SESSION_LIFETIME: number = 30 * 60_000;
export const SESSION_RENEWAL: number = 10 * 60_000;
/** Milliseconds between two looks at a message that another process handles, and for how long. */
export const OUTCOME_POLL: number = 1_000;
export const OUTCOME_PATIENCE: number = 60_000;
/** Milliseconds for which results of handlers wait to be written together. */
export const SETTLE_DELAY: number = 10;
/** Results that may wait while the server cannot be reached. The oldest is dropped, and becomes uncertain. */
export const MAX_UNWRITTEN: number = 10_000;

/** Revocations that a process may read again after its link was cut, and for how long in seconds. */
export const MAX_REVOCATIONS: number = 1_000;
export const REVOCATION_LIFETIME: number = 3_600;
/** Revocations that a process knows again when it reads them. */
export const REMEMBERED_REVOCATIONS: number = 100_000;
