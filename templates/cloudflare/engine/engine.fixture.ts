import { DatabaseSync } from 'node:sqlite';
import { ManualHost } from '../../realtime/channel/channel.fixture.ts';
import { ObjectAlarm } from './object-alarm.ts';
import type { ObjectStorage, SqlCursor, SqlRow, SqlValue } from './storage.ts';

/** The storage of an object, in memory. It outlives the object's instances. */
export class FakeStorage implements ObjectStorage {
	readonly sql: ObjectStorage['sql'];
	/** When the alarm rings. */
	alarm: number | null = null;
	/** Rows that were written, and alarms that were set. */
	written = 0;
	readonly #database = new DatabaseSync(':memory:');

	constructor() {
		this.sql = { exec: (query, ...bindings) => this.#exec(query, bindings) };
	}

	transactionSync<Result>(callback: () => Result): Result {
		this.#database.exec('SAVEPOINT one');
		try {
			const result = callback();
			this.#database.exec('RELEASE one');
			return result;
		} catch (error) {
			this.#database.exec('ROLLBACK TO one; RELEASE one');
			throw error;
		}
	}

	async getAlarm(): Promise<number | null> {
		return this.alarm;
	}

	async setAlarm(time: number): Promise<void> {
		// In nanoseconds, it would take more than 63 bits.
		if (time > 2 ** 63 / 1e6) throw new TypeError("This API doesn't support dates after 2189.");
		this.alarm = time;
		this.written++;
	}

	/** The names of the tables. */
	get tables(): unknown[] {
		return this.sql
			.exec("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
			.toArray()
			.map(({ name }) => name);
	}

	#exec(query: string, bindings: readonly SqlValue[]): SqlCursor {
		const before = this.#changes();
		const statement = this.#database.prepare(query);
		const rows = statement.all(
			...bindings.map((one) => (one instanceof ArrayBuffer ? new Uint8Array(one) : one)),
		);
		this.written += this.#changes() - before;
		return {
			toArray: () => rows.map(rowOf),
			raw: () => ({ toArray: () => rows.map((row) => Object.values(rowOf(row))) }),
		};
	}

	#changes(): number {
		return Number(this.#database.prepare('SELECT total_changes() AS count').get()?.count);
	}
}

/** As workerd gives it, with bytes as an ArrayBuffer. */
function rowOf(row: object): SqlRow {
	return Object.fromEntries(
		Object.entries(row).map(([name, value]) => [
			name,
			value instanceof Uint8Array ? value.slice().buffer : value,
		]),
	);
}

/** A host, and the alarm of a storage. The alarm rings as the clock moves. */
export class EngineStage {
	readonly host: ManualHost = new ManualHost();
	readonly storage: FakeStorage = new FakeStorage();

	/** The alarm of a new instance of the object. */
	async alarm(): Promise<ObjectAlarm> {
		const alarm = new ObjectAlarm(
			this.storage,
			() => this.host.now(),
			(message, error) => this.host.report(message, error),
		);
		await alarm.load();
		return alarm;
	}

	/** Moves the clock, and calls back whenever the alarm rings. */
	async advance(milliseconds: number, ring: () => void): Promise<void> {
		const end = this.host.now() + milliseconds;
		for (;;) {
			const { alarm } = this.storage;
			if (alarm === null || alarm > end) break;
			await this.host.advance(Math.max(0, alarm - this.host.now()));
			this.storage.alarm = null;
			ring();
		}
		await this.host.advance(end - this.host.now());
	}
}
