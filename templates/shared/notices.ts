/** Milliseconds for which further notices of a kind are only counted. */
const QUIET = 10 * 60_000;

interface Told {
	/** When, on the clock of `performance.now()`. */
	readonly at: number;
	/** How many of its kind were not told since. */
	more: number;
}

/**
 * Tells whoever runs the site why handshakes are refused. Whoever is refused comes again, and anyone
 * may send what is refused: the first of a kind is told at once, the next one after a while.
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
