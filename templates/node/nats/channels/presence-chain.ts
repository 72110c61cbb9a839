/** A change of presence in a channel. Each process numbers its own. */
export interface Change {
	/** The place in the stream. */
	readonly sequence: number;
	/** The process that wrote it. */
	readonly process: string;
	readonly number: number;
}

/** What arrived of the presence of a channel, to know what is missing. */
export class PresenceChain {
	/** What is in the stream up to here was read, or compared. Undefined before the first reading. */
	#upTo: number | undefined;
	/** Sequences that arrived and were not compared yet. */
	readonly #arrived = new Set<number>();
	/** The newest change of each process. */
	readonly #numbers = new Map<string, number>();

	/** Undefined if there is nothing to compare. */
	get upTo(): number | undefined {
		return this.#upTo;
	}

	/** Presence was read for the first time. Changes may have arrived meanwhile. */
	begin(changes: readonly Change[]): void {
		for (const { process, number } of changes) {
			this.#numbers.set(process, Math.max(number, this.#numbers.get(process) ?? 0));
		}
		this.#upTo = changes.at(-1)?.sequence ?? 0;
	}

	/** A change has arrived. Returns whether one before it is missing. */
	arrived({ sequence, process, number }: Change): boolean {
		this.#arrived.add(sequence);
		// What arrives after it was read is behind what is known.
		if (this.#upTo !== undefined && sequence <= this.#upTo) return false;
		const known = this.#numbers.get(process) ?? 0;
		this.#numbers.set(process, number);
		return this.#upTo !== undefined && number !== known + 1;
	}

	/**
	 * Compares with changes that are in the stream, oldest first. Returns whether one of them is
	 * missing, which is told once.
	 */
	compare(sequences: readonly number[]): boolean {
		const isMissing = sequences.some((sequence) => !this.#arrived.has(sequence));
		const newest = sequences.at(-1) ?? 0;
		this.#upTo = Math.max(newest, this.#upTo ?? 0);
		for (const sequence of this.#arrived) {
			if (sequence <= this.#upTo) this.#arrived.delete(sequence);
		}
		return isMissing;
	}
}
