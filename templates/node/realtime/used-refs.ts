/** Numbers that may lie apart from all numbers below them. Clients count up. */
const MAX_APART = 1024;

/** The refs of a connection's joins. A client counts up, so they take the room of one number. */
export class UsedRefs {
	/** All numbers up to this one are used. */
	#upTo = 0;
	readonly #apart = new Set<number>();

	/** Returns false if the ref was used before, or there is no room for it. */
	take(ref: number): boolean {
		if (ref <= this.#upTo || this.#apart.has(ref) || this.#apart.size >= MAX_APART) return false;
		this.#apart.add(ref);
		while (this.#apart.delete(this.#upTo + 1)) this.#upTo++;
		return true;
	}
}
