/** An entry of a {@link EntryTable}, which keeps its place in it. */
export interface TableNode<Entry> {
	/** Where it is in the table, and its neighbours by age: set by the table. */
	place: number;
	older: Entry | undefined;
	newer: Entry | undefined;
}

/**
 * Entries in the order in which they came, which can be found by their place. A `Map` would do the
 * same, but each time that it has filled up with what was deleted it is made anew: the more entries
 * there are, the more that costs for each that comes and goes.
 */
export class EntryTable<Entry extends TableNode<Entry>> {
	readonly #entries: (Entry | undefined)[] = [];
	/** Places that are free again. */
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

	/** @param entry One that is in the table. */
	delete(entry: Entry): void {
		this.#entries[entry.place] = undefined;
		this.#free.push(entry.place);
		const { older, newer } = entry;
		if (older === undefined) this.#oldest = newer;
		else older.newer = newer;
		if (newer === undefined) this.#newest = older;
		else newer.older = older;
		// Whoever keeps one that has gone does not keep the others.
		entry.older = undefined;
		entry.newer = undefined;
	}

	at(place: number): Entry | undefined {
		return this.#entries[place];
	}

	/** The oldest first. None may be deleted meanwhile. */
	*[Symbol.iterator](): Generator<Entry> {
		for (let entry = this.#oldest; entry !== undefined; entry = entry.newer) yield entry;
	}
}
