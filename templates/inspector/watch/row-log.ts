import type { Row } from '../report/events.ts';
import { MAX_ROWS } from '../report/limits.ts';

/** A row before it has its number and time. */
export type NewRow = Omit<Row, 'number' | 'at'>;

/** The last rows. */
export class RowLog {
	readonly #rows: Row[] = [];
	#count = 0;

	/** The number of the last row. */
	get last(): number {
		return this.#count;
	}

	add(row: NewRow): void {
		this.#rows.push({ ...row, number: ++this.#count, at: Date.now() });
		// In batches, because moving all rows for each new one would cost more.
		if (this.#rows.length >= 2 * MAX_ROWS) this.#rows.splice(0, this.#rows.length - MAX_ROWS);
	}

	/** The rows behind the one with this number, as far as they are kept. */
	after(number: number): Row[] {
		const missing = Math.min(this.#count - number, MAX_ROWS);
		return missing > 0 ? this.#rows.slice(-missing) : [];
	}
}
