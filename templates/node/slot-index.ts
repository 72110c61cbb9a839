/** Who is in the books under a word: a tag, or a client. Most words stand for one. */
export class SlotIndex<Slot extends object> {
	/** A set takes many times the memory of what it holds, so that it is made for the second. */
	readonly #slots: Map<string, Slot | Set<Slot>> = new Map();

	/** How many words there are. */
	get words(): number {
		return this.#slots.size;
	}

	count(word: string): number {
		const found = this.#slots.get(word);
		if (found === undefined) return 0;
		return found instanceof Set ? found.size : 1;
	}

	/** Those under the word, as they are now. */
	get(word: string): Slot[] {
		const found = this.#slots.get(word);
		if (found === undefined) return [];
		return found instanceof Set ? [...found] : [found];
	}

	add(word: string, slot: Slot): void {
		const found = this.#slots.get(word);
		if (found === undefined) this.#slots.set(word, slot);
		else if (found instanceof Set) found.add(slot);
		else if (found !== slot) this.#slots.set(word, new Set([found, slot]));
	}

	delete(word: string, slot: Slot): void {
		const found = this.#slots.get(word);
		if (found === slot) this.#slots.delete(word);
		else if (found instanceof Set && found.delete(slot) && found.size === 0) {
			this.#slots.delete(word);
		}
	}
}
