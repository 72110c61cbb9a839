import type { Entry } from '../../realtime/channel/ports.ts';
import type { Position } from '../../realtime/channel/position.ts';
import type { Tables } from './tables.ts';

/** The columns of an entry, in the order in which they are read. */
export const ENTRY = 'position, previous, at, sender, id, name, data';
export const COLUMNS: string = `number, ${ENTRY}`;

/** The newest message, whether or not it is kept. */
export interface Head {
	readonly number: number;
	readonly position: Position;
	/** 0 once its content is removed. */
	readonly at: number;
}

/** What a log is shaped like. */
export interface Ring {
	/** Messages that fit. At least 1, for the head. */
	readonly capacity: number;
	/** Milliseconds for which a message is given. 0 keeps the head alone. */
	readonly lifetime: number;
}

/** Written once: text that is put together for each message would be copied for each. */
const STATEMENTS = { log: replaceInto('log'), snapshot: replaceInto('snapshot') };

function replaceInto(table: string): string {
	return `REPLACE INTO ${table} (slot, ${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`;
}

export function writeEntry(
	tables: Tables,
	table: 'log' | 'snapshot',
	slot: number,
	number: number,
	{ position, previous, at, from, id, name, data }: Entry,
): void {
	tables.write(
		table,
		STATEMENTS[table],
		slot,
		number,
		position,
		previous,
		at,
		from ?? null,
		id ?? null,
		name,
		data ?? null,
	);
}
