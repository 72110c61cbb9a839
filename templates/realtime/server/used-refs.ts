/** Numbers that are remembered apart from all numbers below them. Clients count up. */
const MAX_APART = 1024;

/**
 * The refs of a connection's joins. A client counts up. It leaves out numbers: those of earlier
 * connections, and those that its messages have. Once too many lie apart, the lowest ones count as
 * used together with all below them.
 */
export class UsedRefs {
	/** All numbers up to this one count as used. */
	#upTo: number;
	#highest: number;
	/** Made for the first ref that is not the next one. */
	#apart: Set<number> | undefined;

	/** @param upTo The highest ref of a restored connection. Its client counted up to it. */
	constructor(upTo = 0) {
		this.#upTo = upTo;
		this.#highest = upTo;
	}

	get highest(): number {
		return this.#highest;
	}

	/** Returns false if the ref counts as used. */
	take(ref: number): boolean {
		if (ref <= this.#upTo) return false;
		if (ref === this.#upTo + 1 && this.#apart === undefined) this.#upTo = ref;
		else {
			this.#apart ??= new Set();
			if (this.#apart.has(ref)) return false;
			this.#apart.add(ref);
			if (this.#apart.size > MAX_APART) this.#upTo = Math.min(...this.#apart) - 1;
			while (this.#apart.delete(this.#upTo + 1)) this.#upTo++;
		}
		this.#highest = Math.max(this.#highest, ref);
		return true;
	}
}
