import type { ObjectStorage, SqlRow, SqlValue, SqlValues } from './storage.ts';

/** Messages of a channel. */
const ENTRIES = `slot INTEGER PRIMARY KEY, number INTEGER NOT NULL, position TEXT NOT NULL,
	previous TEXT NOT NULL, at INTEGER NOT NULL, sender TEXT, id TEXT, name TEXT NOT NULL, data)`;

/**
 * The tables of an object. A table without a rowid stores its key once, so that a row costs one
 * write and not two.
 */
const TABLES = {
	/** `version` of the tables, and what the log is shaped like. */
	meta: 'name TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID',
	/** A ring: a message overwrites the oldest one, because a deleted row costs as much as a new one. */
	log: ENTRIES as string,
	/** One row: the message that stands for those up to its position. */
	snapshot: ENTRIES as string,
	/** The publishers' ids of the last two minutes. */
	published: 'id TEXT PRIMARY KEY, position TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID',
	/** Who is present, in the order of `changed`. `departs` is null while the connection lives. */
	presence: `id TEXT PRIMARY KEY, user TEXT, member TEXT NOT NULL, changed INTEGER NOT NULL,
		departs INTEGER) WITHOUT ROWID`,
	/** `suspended` is null while the session has a connection. */
	sessions:
		'secret TEXT PRIMARY KEY, id TEXT NOT NULL, user TEXT, suspended INTEGER) WITHOUT ROWID',
	/** The last messages of each session, a ring as well. `outcome` is null until it is known. */
	claims: `secret TEXT NOT NULL, slot INTEGER NOT NULL, message INTEGER NOT NULL, outcome TEXT,
		PRIMARY KEY (secret, slot)) WITHOUT ROWID`,
	/**
	 * The connections of a user. `channel` names the channel that has one of a plain client. In the
	 * object of that channel, it is the user.
	 */
	online: 'id TEXT PRIMARY KEY, channel TEXT, departs INTEGER) WITHOUT ROWID',
} as const;

export type Table = keyof typeof TABLES;

/** A step from one version of the tables to the next. */
export interface Migration {
	/** It is skipped in objects that do not have the table. */
	readonly table: Table;
	readonly statements: readonly string[];
}

/**
 * Those of all versions, oldest first. An object may have slept for years, so none may be removed.
 * Add one for each change of {@link TABLES}.
 */
export const MIGRATIONS: readonly Migration[] = [];

/**
 * The tables of an object, each made when it is written to for the first time: an object that was
 * only asked stores nothing.
 */
export class Tables {
	readonly #storage: ObjectStorage;
	readonly #version: number;
	#known: ReadonlySet<string>;

	/** @throws Error if a newer version of the package has written the tables. */
	constructor(storage: ObjectStorage, migrations: readonly Migration[] = MIGRATIONS) {
		this.#storage = storage;
		this.#version = migrations.length + 1;
		this.#known = this.#list();
		if (this.#known.has('meta')) this.#migrate(migrations);
	}

	/** The rows of a query on one table. None if the object has no such table. */
	read(table: Table, query: string, ...bindings: SqlValue[]): SqlRow[] {
		if (!this.#known.has(table)) return [];
		return this.#storage.sql.exec(query, ...bindings).toArray();
	}

	/** The same, each row as the values of its columns. */
	values(table: Table, query: string, ...bindings: SqlValue[]): SqlValues[] {
		if (!this.#known.has(table)) return [];
		return this.#storage.sql
			.exec(query, ...bindings)
			.raw()
			.toArray();
	}

	/** Changes rows of a table, which is made if it is not there. */
	write(table: Table, query: string, ...bindings: SqlValue[]): void {
		if (!this.#known.has(table)) this.#create(table);
		this.#storage.sql.exec(query, ...bindings);
	}

	/** Changes existing rows. */
	change(table: Table, query: string, ...bindings: SqlValue[]): void {
		if (this.#known.has(table)) this.#storage.sql.exec(query, ...bindings);
	}

	/** Undoes the writes of a callback that throws. */
	transaction(callback: () => void): void {
		try {
			this.#storage.transactionSync(callback);
		} catch (error) {
			// Tables that it made are gone.
			this.#known = this.#list();
			throw error;
		}
	}

	/** Makes a table again, with the rows that a query of `old` gives. */
	rebuild(table: Table, query: string, ...bindings: SqlValue[]): void {
		const { sql } = this.#storage;
		sql.exec(`ALTER TABLE ${table} RENAME TO old`);
		sql.exec(createStatement(table));
		sql.exec(`INSERT INTO ${table} ${query}`, ...bindings);
		sql.exec('DROP TABLE old');
	}

	#list(): ReadonlySet<string> {
		const { sql } = this.#storage;
		const rows = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
		return new Set(rows.map(({ name }) => String(name)));
	}

	#create(table: Table): void {
		const { sql } = this.#storage;
		if (!this.#known.has('meta')) {
			sql.exec(createStatement('meta'));
			sql.exec("INSERT INTO meta (name, value) VALUES ('version', ?)", this.#version);
		}
		if (table !== 'meta') sql.exec(createStatement(table));
		this.#known = new Set([...this.#known, 'meta', table]);
	}

	#migrate(migrations: readonly Migration[]): void {
		const { sql } = this.#storage;
		const [row] = sql.exec("SELECT value FROM meta WHERE name = 'version'").toArray();
		const version = Number(row?.value);
		if (version === this.#version) return;
		if (!(version >= 1 && version < this.#version)) {
			throw new Error(
				`The tables of this Durable Object have version ${row?.value}, and this Worker knows versions up to ${this.#version}. Deploy the newer version of the package again.`,
			);
		}
		this.#storage.transactionSync(() => {
			for (const { table, statements } of migrations.slice(version - 1)) {
				if (this.#known.has(table)) for (const statement of statements) sql.exec(statement);
			}
			sql.exec("UPDATE meta SET value = ? WHERE name = 'version'", this.#version);
		});
	}
}

function createStatement(table: Table): string {
	return `CREATE TABLE ${table} (${TABLES[table]}`;
}
