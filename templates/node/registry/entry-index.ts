/** Where an index keeps the place that an entry has under a word. */
export interface Places<Entry> {
	get(entry: Entry, word: string): number;
	set(entry: Entry, word: string, place: number): void;
}

/**
 * Who is in the registry under a word: a tag, or a client. Entries know their places, because a `Set`
 * takes four times the memory, and is made anew each time that it has filled up with what was deleted.
 */
export class EntryIndex<Entry extends object> {
	/** Most words stand for one. */
	readonly #entries: Map<string, Entry | Entry[]> = new Map();
	readonly #places: Places<Entry>;

	constructor(places: Places<Entry>) {
		this.#places = places;
	}

	/** How many words there are. */
	get words(): number {
		return this.#entries.size;
	}

	count(word: string): number {
		const found = this.#entries.get(word);
		if (found === undefined) return 0;
		return Array.isArray(found) ? found.length : 1;
	}

	/** Those under the word, as they are now, in no order. */
	get(word: string): Entry[] {
		const found = this.#entries.get(word);
		if (found === undefined) return [];
		return Array.isArray(found) ? [...found] : [found];
	}

	/** @param entry One that is not under the word yet. */
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

	/** @param entry One that is under the word. */
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
