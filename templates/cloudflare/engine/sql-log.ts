import { checkKeptSize } from '../../realtime/channel/kept-size.ts';
import type { ChannelKey } from '../../realtime/channel/key.ts';
import type {
	Cast,
	Host,
	Log,
	LogWatcher,
	NewEntry,
	Page,
	Retention,
	Unwatch,
} from '../../realtime/channel/ports.ts';
import {
	type Position,
	rootPosition,
	TAG_LENGTH,
	writePosition,
} from '../../realtime/channel/position.ts';
import { Watchers } from '../../realtime/memory/watchers.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import { COLUMNS, type Head, type Ring, writeEntry } from './sql-entry.ts';
import { SqlPast } from './sql-past.ts';
import type { Tables } from './tables.ts';

/** Milliseconds for which a publisher's id is remembered. */
const ID_LIFETIME = 120_000;

/**
 * The log of one channel in the SQLite of its object. The message with the number `n` is in the row
 * `n % capacity`, so that each message writes one row, trimming included.
 */
export class SqlLog implements Log {
	readonly #tables: Tables;
	readonly #host: Pick<Host, 'now' | 'random'>;
	readonly #alarm: Pick<ObjectAlarm, 'ringBy'>;
	readonly #epoch: string;
	readonly #past: SqlPast;
	readonly #watchers = new Watchers<LogWatcher>();
	/** Read when they are needed for the first time. */
	#knownHead: Head | undefined;
	#knownRing: Ring | undefined;
	#sweptAt = 0;

	/** @param epoch Constant, because the storage lives as long as the object. */
	constructor(
		tables: Tables,
		host: Pick<Host, 'now' | 'random'>,
		alarm: Pick<ObjectAlarm, 'ringBy'>,
		epoch: string,
	) {
		this.#tables = tables;
		this.#host = host;
		this.#alarm = alarm;
		this.#epoch = epoch;
		this.#past = new SqlPast(tables, host, epoch);
	}

	async append(channel: ChannelKey, entry: NewEntry, retention: Retention): Promise<Position> {
		checkKeptSize(entry);
		const known = entry.id === undefined ? undefined : this.#positionOf(entry.id);
		if (known !== undefined) return known;
		const { size, ttl } = retention;
		this.#shape({ capacity: Math.max(1, size), lifetime: size === 0 ? 0 : ttl * 1000 });
		const { number: last, position: previous, at: lastAt } = this.#head();
		const number = last + 1;
		const position = writePosition(this.#epoch, number, this.#host.random(TAG_LENGTH));
		// Messages expire in their order, also after the clock went back.
		const at = Math.max(entry.at, lastAt);
		const appended = { ...entry, at, position, previous };
		const { id } = entry;
		const slot = number % this.#ring().capacity;
		const kept = size === 0 ? { ...appended, at: 0, data: undefined } : appended;
		if (id === undefined) writeEntry(this.#tables, 'log', slot, number, kept);
		else {
			this.#tables.transaction(() => {
				writeEntry(this.#tables, 'log', slot, number, kept);
				this.#remember(id, position);
			});
		}
		this.#knownHead = { number, position, at };
		if (size > 0) this.#alarm.ringBy(at + this.#ring().lifetime);
		for (const watcher of this.#watchers.of(channel)) watcher.entry(appended);
		return position;
	}

	async after(_channel: ChannelKey, position: Position, limit?: number): Promise<Page> {
		const head = this.#head();
		return { entries: this.#past.after(head, this.#ring(), position, limit), head: head.position };
	}

	async last(_channel: ChannelKey, count: number, limit?: number): Promise<Page> {
		const head = this.#head();
		return { ...this.#past.last(head, this.#ring(), count, limit), head: head.position };
	}

	async snapshot(_channel: ChannelKey, entry: NewEntry, upTo: Position): Promise<boolean> {
		checkKeptSize(entry);
		return this.#past.replace(this.#head(), this.#ring(), entry, upTo);
	}

	async cast(channel: ChannelKey, cast: Cast): Promise<void> {
		for (const watcher of this.#watchers.of(channel)) watcher.cast(cast);
	}

	async watch(channel: ChannelKey, watcher: LogWatcher): Promise<Unwatch> {
		return this.#watchers.add(channel, watcher);
	}

	/**
	 * Removes the messages once all of them have expired. Until then, those that expire make room for
	 * new ones. Call it when the alarm rings.
	 */
	sweep(): void {
		const { number, position, at } = this.#head();
		const { lifetime } = this.#ring();
		// Without history, or swept before.
		if (lifetime === 0 || at === 0) return;
		if (at + lifetime > this.#host.now()) {
			this.#alarm.ringBy(at + lifetime);
			return;
		}
		this.#tables.transaction(() => {
			// Dropping a table writes no rows, while each deleted row counts as a written one.
			this.#tables.rebuild(
				'log',
				"SELECT slot, number, position, previous, 0, NULL, NULL, '', NULL FROM old WHERE number = ?",
				number,
			);
		});
		this.#knownHead = { number, position, at: 0 };
	}

	#head(): Head {
		if (this.#knownHead === undefined) {
			const [row] = this.#tables.read(
				'log',
				'SELECT number, position, at FROM log ORDER BY number DESC LIMIT 1',
			);
			this.#knownHead =
				row === undefined
					? { number: 0, position: rootPosition(this.#epoch), at: 0 }
					: { number: Number(row.number), position: String(row.position), at: Number(row.at) };
		}
		return this.#knownHead;
	}

	#ring(): Ring {
		if (this.#knownRing === undefined) {
			const rows = this.#tables.read('meta', 'SELECT name, value FROM meta');
			const values = new Map(rows.map(({ name, value }) => [name, Number(value)]));
			this.#knownRing = {
				capacity: values.get('capacity') ?? 1,
				lifetime: values.get('lifetime') ?? 0,
			};
		}
		return this.#knownRing;
	}

	/** Takes what the channel's file says. It changes with a deploy alone. */
	#shape(next: Ring): void {
		const { capacity, lifetime } = this.#ring();
		if (next.capacity === capacity && next.lifetime === lifetime) return;
		const head = this.#head();
		this.#tables.transaction(() => {
			if (next.capacity !== capacity && head.number > 0) {
				this.#tables.rebuild(
					'log',
					`SELECT number % ?, ${COLUMNS} FROM old WHERE number > ?`,
					next.capacity,
					head.number - next.capacity,
				);
			}
			for (const name of ['capacity', 'lifetime'] as const) {
				this.#tables.write(
					'meta',
					'REPLACE INTO meta (name, value) VALUES (?, ?)',
					name,
					next[name],
				);
			}
		});
		this.#knownRing = next;
	}

	#positionOf(id: string): Position | undefined {
		const [row] = this.#tables.read(
			'published',
			'SELECT position FROM published WHERE id = ? AND at > ?',
			id,
			this.#host.now() - ID_LIFETIME,
		);
		return row === undefined ? undefined : String(row.position);
	}

	#remember(id: string, position: Position): void {
		const now = this.#host.now();
		// All at once now and then: the table has no index on the time.
		if (now - this.#sweptAt >= ID_LIFETIME) {
			this.#sweptAt = now;
			this.#tables.change('published', 'DELETE FROM published WHERE at <= ?', now - ID_LIFETIME);
		}
		this.#tables.write(
			'published',
			'REPLACE INTO published (id, position, at) VALUES (?, ?, ?)',
			id,
			position,
			now,
		);
	}
}
