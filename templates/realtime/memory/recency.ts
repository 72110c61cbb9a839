/** An item of a {@link Recency}. */
export interface Recent {
	/** The item that was used before this one. */
	older: this | undefined;
	/** The item that was used after this one. */
	newer: this | undefined;
}

/**
 * Items in the order of their last use. A Map, whose key would be removed and added for each use, is
 * rebuilt again and again when it is large.
 */
export class Recency<Item extends Recent> {
	#oldest: Item | undefined;
	#newest: Item | undefined;

	get oldest(): Item | undefined {
		return this.#oldest;
	}

	/** Makes an item the newest one, also one that is not in the list yet. */
	use(item: Item): void {
		if (this.#newest === item) return;
		this.remove(item);
		item.older = this.#newest;
		if (this.#newest !== undefined) this.#newest.newer = item;
		this.#newest = item;
		this.#oldest ??= item;
	}

	/** Removes an item, if it is in the list. */
	remove(item: Item): void {
		const { older, newer } = item;
		if (older !== undefined) older.newer = newer;
		else if (this.#oldest === item) this.#oldest = newer;
		if (newer !== undefined) newer.older = older;
		else if (this.#newest === item) this.#newest = older;
		item.older = undefined;
		item.newer = undefined;
	}
}
