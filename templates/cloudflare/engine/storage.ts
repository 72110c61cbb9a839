/** The used part of a Durable Object's storage. Tests give the same over another SQLite. */

export type SqlValue = string | number | null | ArrayBuffer | Uint8Array;

export type SqlRow = Readonly<Record<string, SqlValue>>;

/** The rows of a statement. */
export interface SqlCursor {
	toArray(): SqlRow[];
	/** The rows without the names of their columns, which take the runtime half of the time. */
	raw(): { toArray(): SqlValues[] };
}

export type SqlValues = readonly SqlValue[];

export interface Sql {
	/** Runs a statement at once. Bytes in rows are ArrayBuffers. */
	exec(query: string, ...bindings: SqlValue[]): SqlCursor;
}

export interface ObjectStorage {
	readonly sql: Sql;
	/** Undoes the writes of a callback that throws. */
	transactionSync<Result>(callback: () => Result): Result;
	/** Milliseconds since 1970, null if no alarm is set. */
	getAlarm(): Promise<number | null>;
	setAlarm(time: number): Promise<void>;
}
