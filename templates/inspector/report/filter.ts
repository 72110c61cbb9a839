import type { Row, RowKind } from './events.ts';

/** What the list shows. */
export interface Filter {
	/** Words that a row must have, in any place. */
	readonly text: string;
	readonly kinds: ReadonlySet<RowKind>;
	/** The connection or the channel that is selected. */
	readonly connection: number | undefined;
	readonly channel: string | undefined;
}

/** Whether a row belongs to the list. */
export function isShown(row: Row, { text, kinds, connection, channel }: Filter): boolean {
	if (!kinds.has(row.kind)) return false;
	if (connection !== undefined && row.connection !== connection) return false;
	if (channel !== undefined && row.channel !== channel) return false;
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	if (words.length === 0) return true;
	const { label, text: content, channel: name = '', hint = '' } = row;
	const number = row.connection === undefined ? '' : `#${row.connection}`;
	const all = [label, content, name, hint, number].join('\n').toLowerCase();
	return words.every((word) => all.includes(word));
}

/** The rows of an inspector that is open: those of the server, unless the list is paused. */
export class ShownRows {
	#rows: readonly Row[] = [];
	#last = 0;
	#run: string | undefined;
	/** The number of the last row that is shown while the list is paused. */
	#pausedAt: number | undefined;
	/** Rows up to this number were cleared. */
	#cleared = 0;
	readonly #most: number;

	/** @param most The number of rows that are kept. */
	constructor(most: number) {
		this.#most = most;
	}

	/** What the server needs to know to send the rest. */
	get position(): { readonly run: string | undefined; readonly since: number } {
		return { run: this.#run, since: this.#last };
	}

	get isPaused(): boolean {
		return this.#pausedAt !== undefined;
	}

	/** The number of rows that wait for the end of the pause. */
	get waiting(): number {
		return this.#pausedAt === undefined ? 0 : this.#last - this.#pausedAt;
	}

	pause(): void {
		this.#pausedAt = this.#last;
	}

	resume(): void {
		this.#pausedAt = undefined;
	}

	clear(): void {
		this.#cleared = this.#last;
		if (this.isPaused) this.#pausedAt = this.#last;
	}

	/** Adds rows, of which some may be known. */
	add(run: string, rows: readonly Row[]): void {
		if (run !== this.#run) {
			this.#run = run;
			this.#rows = [];
			this.#last = 0;
			this.#cleared = 0;
			if (this.isPaused) this.#pausedAt = 0;
		}
		const added = rows.filter(({ number }) => number > this.#last);
		this.#last = added.at(-1)?.number ?? this.#last;
		const kept = this.#rows.filter(({ number }) => number > this.#cleared);
		this.#rows = [...kept, ...added].slice(-this.#most);
	}

	/** The rows that the filter lets through. */
	shown(filter: Filter): Row[] {
		const last = this.#pausedAt ?? Number.POSITIVE_INFINITY;
		return this.#rows.filter(
			(row) => row.number > this.#cleared && row.number <= last && isShown(row, filter),
		);
	}
}
