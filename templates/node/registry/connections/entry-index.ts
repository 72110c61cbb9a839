/** Reads and writes the position of an entry under a word. */
export interface Places<Entry> {
	get(entry: Entry, word: string): number;
	set(entry: Entry, word: string, place: number): void;
}

/**
 * Finds entries by a word: a tag, or a client. Entries store their own positions. A `Set` would
 * take four times the memory, and rebuilds itself whenever it is full of deleted slots.
 */
export class EntryIndex<Entry extends object> {
	/** Most words have one entry. */
	readonly #entries: Map<string, Entry | Entry[]> = new Map();
	readonly #places: Places<Entry>;

	constructor(places: Places<Entry>) {
		this.#places = places;
	}

	/** The number of words. */
	get words(): number {
		return this.#entries.size;
	}

	count(word: string): number {
		const found = this.#entries.get(word);
		if (found === undefined) return 0;
		return Array.isArray(found) ? found.length : 1;
	}

	/** The current entries under the word, in no particular order. */
	get(word: string): Entry[] {
		const found = this.#entries.get(word);
		if (found === undefined) return [];
		return Array.isArray(found) ? [...found] : [found];
	}

	/** @param entry An entry that is not under the word yet. */
	add(word: string, entry: Entry): void {
		const found = this.#entries.get(word);
		if (found === undefined) {
			this.#entries.set(word, entry);
			this.#places.set(entry, word, 0);
		} else if (Array.isArray(found)) {
			this.#places.set(entry, word, found.length);
			found.push(entry);
		} else {
			this.#places.set(entry, word, 1);
			this.#entries.set(word, [found, entry]);
		}
	}

	/** @param entry An entry under the word. */
	delete(word: string, entry: Entry): void {
		const found = this.#entries.get(word);
		if (!Array.isArray(found)) {
			this.#entries.delete(word);
			return;
		}
		const last = found.pop();
		if (found.length === 0) this.#entries.delete(word);
		if (last === undefined || last === entry) return;
		const place = this.#places.get(entry, word);
		found[place] = last;
		this.#places.set(last, word, place);
	}
}
