/** The times and limits of the engine on NATS alone. Others are in `engine/limits`. */

/** The oldest version of NATS that the engine works on. It brought atomic batches. */
export const OLDEST_NATS: readonly [major: number, minor: number] = [2, 12];
/** The version of what the engine writes. Newer data is refused. */
export const FORMAT: number = 1;
/** The smallest `max_payload` of a server in bytes: the largest kept message, and what is added. */
export const MIN_PAYLOAD: number = 320 * 1024;
/** The copies of a stream in a cluster, unless NATS_REPLICAS says another number. */
export const REPLICAS_IN_CLUSTER: number = 3;

/** Milliseconds after which a question to the API of JetStream is repeated. */
export const API_REPETITION: number = 500;

/** Messages of a channel in one record, and their size in bytes. */
export const MAX_RECORD_ENTRIES: number = 500;
export const MAX_RECORD_BYTES: number = 256 * 1024;
/** Messages to a channel that may wait for the record before them. */
export const MAX_QUEUED: number = 10_000;
/**
 * Messages that are read from a stream at once, and their bytes, without those of the last one. The
 * server counts each time what is left. Of 10,000 members this takes as long as reading 500 of them.
 */
export const READ_AT_ONCE: number = 1024;
export const READ_BYTES: number = 256 * 1024;
/** Messages of a channel between two records that later ones point back to. */
export const MARK_DISTANCE: number = 32;
export const MAX_MARKS: number = 24;
/** Heads of channels that a process remembers. */
export const REMEMBERED_HEADS: number = 10_000;
/** Milliseconds between two looks for messages that are kept no more. */
export const TIDY_INTERVAL: number = 5_000;
/** Messages beyond the history of a channel that may lie in the stream, besides as many again. */
export const UNTIDY: number = 64;

/** Records of earlier processes that a process looks at in this time, and their bytes. */
export const FOUND_AT_ONCE: number = 500;
export const FOUND_BYTES: number = 1024 * 1024;

/** Channels whose messages a process removes in time. */
export const MAX_UNTIDY: number = 100_000;

/** Seconds for which the end of a member, or of another thing, can be noticed. */
export const TRACE_LIFETIME: number = 120;
/**
 * Seconds for which NATS knows which connection of a user ended last. A process whose link was cut
 * asks again.
 */
export const TURN_LIFETIME: number = 24 * 3600;
/** Milliseconds until a replica is read again that lacks the newest message, and how often. */
export const REPLICA_RETRY: number = 50;
export const REPLICA_RETRIES: number = 20;
