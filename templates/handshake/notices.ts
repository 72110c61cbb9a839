/** Milliseconds in which further notices of the same kind are only counted. */
const QUIET = 10 * 60_000;

interface Told {
	/** When, on the clock of `performance.now()`. */
	readonly at: number;
	/** The number of notices of this kind that were not logged since. */
	more: number;
}

/**
 * Logs why handshakes are refused. Clients retry, and anyone can send a handshake that is refused, so
 * only the first notice of a kind is logged at once. Later ones are counted until `QUIET` is over.
 */
export class Notices {
	readonly #warn: (text: string) => void;
	/** By kind. */
	readonly #told: Map<string, Told> = new Map();

	constructor(warn: (text: string) => void) {
		this.#warn = warn;
	}

	tell(kind: string, text: string, now: number = performance.now()): void {
		const last = this.#told.get(kind);
		if (last !== undefined && now - last.at < QUIET) {
			last.more++;
			return;
		}
		this.#told.set(kind, { at: now, more: 0 });
		const count = last?.more ?? 0;
		this.#warn(count === 0 ? text : `${text} Since the last such line: ${count} more.`);
	}
}
