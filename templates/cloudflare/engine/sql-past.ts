import type { Entry, Host, NewEntry, Page, Snapshot } from '../../realtime/channel/ports.ts';
import { type Position, readPosition } from '../../realtime/channel/position.ts';
import { ENTRY, type Head, type Ring, writeEntry } from './sql-entry.ts';
import type { SqlValue, SqlValues } from './storage.ts';
import type { Tables } from './tables.ts';

/** Messages of a page. Of the largest ones, some hundred fit into the memory of an object. */
const PAGE_SIZE = 32;

/** The kept messages of one channel in the SQLite of its object. */
export class SqlPast {
	readonly #tables: Tables;
	readonly #host: Pick<Host, 'now'>;
	readonly #epoch: string;
	/** The number of the last message that the snapshot stands for, 0 for none. */
	#knownSnapshot: number | undefined;

	constructor(tables: Tables, host: Pick<Host, 'now'>, epoch: string) {
		this.#tables = tables;
		this.#host = host;
		this.#epoch = epoch;
	}

	after(head: Head, ring: Ring, position: Position, limit?: number): Entry[] {
		const from = readPosition(position);
		return from?.epoch === this.#epoch ? this.#entries(head, ring, from.number + 1, limit) : [];
	}

	last(head: Head, ring: Ring, count: number, limit?: number): Omit<Page, 'head'> {
		const snapshot = count > 0 ? this.#snapshot() : undefined;
		const first = snapshot === undefined ? head.number - count + 1 : 1;
		const entries = this.#entries(head, ring, first, limit);
		return snapshot === undefined ? { entries } : { snapshot, entries };
	}

	/** Keeps a message in place of those up to a position. Returns false if it comes too late. */
	replace(head: Head, ring: Ring, entry: NewEntry, upTo: Position): boolean {
		const own = readPosition(upTo);
		if (own?.epoch !== this.#epoch || own.number < this.#snapshotNumber()) return false;
		const [next] = this.#entries(head, ring, own.number + 1, 1);
		if (next === undefined ? upTo !== head.position : next.previous !== upTo) return false;
		const snapshot = { ...entry, position: upTo, previous: '' };
		writeEntry(this.#tables, 'snapshot', 0, own.number, snapshot);
		this.#knownSnapshot = own.number;
		return true;
	}

	/** The kept entries from a number on. */
	#entries(
		head: Head,
		{ capacity, lifetime }: Ring,
		from: number,
		limit: number = PAGE_SIZE,
	): Entry[] {
		const cutoff = this.#host.now() - lifetime;
		const first = Math.max(this.#snapshotNumber() + 1, from, head.number - capacity + 1);
		// Older ones have expired as well.
		if (first > head.number || head.at <= cutoff) return [];
		const [start, end] = [first % capacity, head.number % capacity];
		const rows =
			start <= end
				? this.#slots(start, end, cutoff, limit)
				: this.#slots(start, capacity, cutoff, limit);
		if (start > end && rows.length < limit) {
			rows.push(...this.#slots(0, end, cutoff, limit - rows.length));
		}
		return rows.map(entryOf);
	}

	#slots(start: number, end: number, cutoff: number, limit: number): SqlValues[] {
		return this.#tables.values(
			'log',
			`SELECT ${ENTRY} FROM log WHERE slot BETWEEN ? AND ? AND at > ? ORDER BY slot LIMIT ?`,
			start,
			end,
			cutoff,
			limit,
		);
	}

	#snapshot(): Snapshot | undefined {
		const [row] = this.#tables.values('snapshot', `SELECT ${ENTRY} FROM snapshot`);
		if (row === undefined) return undefined;
		const { previous: _, ...snapshot } = entryOf(row);
		return snapshot;
	}

	#snapshotNumber(): number {
		if (this.#knownSnapshot === undefined) {
			const [row] = this.#tables.read('snapshot', 'SELECT number FROM snapshot');
			this.#knownSnapshot = Number(row?.number ?? 0);
		}
		return this.#knownSnapshot;
	}
}

function entryOf([position, previous, at, sender, id, name, data]: SqlValues): Entry {
	return {
		position: String(position),
		previous: String(previous),
		at: Number(at),
		from: textOf(sender),
		id: textOf(id),
		name: String(name),
		data: data instanceof ArrayBuffer ? new Uint8Array(data) : textOf(data),
	};
}

function textOf(value: SqlValue | undefined): string | undefined {
	return typeof value === 'string' ? value : undefined;
}
