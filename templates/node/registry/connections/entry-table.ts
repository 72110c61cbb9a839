/** An entry of an {@link EntryTable}, with its position. */
export interface TableNode<Entry> {
	/** The position in the table, and the neighbours by age. Set by the table. */
	place: number;
	older: Entry | undefined;
	newer: Entry | undefined;
}

/**
 * Entries in the order of their addition, with lookup by position. A `Map` rebuilds itself whenever
 * it is full of deleted slots. With more entries, that costs more for each addition and removal.
 */
export class EntryTable<Entry extends TableNode<Entry>> {
	readonly #entries: (Entry | undefined)[] = [];
	/** Free positions. */
	readonly #free: number[] = [];
	#oldest: Entry | undefined;
	#newest: Entry | undefined;

	add(entry: Entry): void {
		entry.place = this.#free.pop() ?? this.#entries.length;
		this.#entries[entry.place] = entry;
		entry.older = this.#newest;
		if (this.#newest === undefined) this.#oldest = entry;
		else this.#newest.newer = entry;
		this.#newest = entry;
	}

	/** @param entry An entry of the table. */
	delete(entry: Entry): void {
		this.#entries[entry.place] = undefined;
		this.#free.push(entry.place);
		const { older, newer } = entry;
		if (older === undefined) this.#oldest = newer;
		else older.newer = newer;
		if (newer === undefined) this.#newest = older;
		else newer.older = older;
		// A reference to a deleted entry must not keep its neighbours alive.
		entry.older = undefined;
		entry.newer = undefined;
	}

	at(place: number): Entry | undefined {
		return this.#entries[place];
	}

	/** Iterates from the oldest. Entries must not be deleted meanwhile. */
	*[Symbol.iterator](): Generator<Entry> {
		for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry;
	}
}
