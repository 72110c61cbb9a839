/** Milliseconds during which further notices of the same kind are only counted. */
const QUIET = 10 * 60_000;

interface Logged {
	/** Time of the log line, on the clock of `performance.now()`. */
	readonly at: number;
	/** The number of notices of this kind since then. */
	more: number;
}

/**
 * Logs the reasons of refused handshakes. Clients retry, and anyone can send a handshake that is
 * refused. Only the first notice of a kind is logged at once. Later ones are counted during
 * `QUIET`.
 */
export class Notices {
	readonly #warn: (text: string) => void;
	/** By kind. */
	readonly #logged: Map<string, Logged> = new Map();

	constructor(warn: (text: string) => void) {
		this.#warn = warn;
	}

	tell(kind: string, text: string, now: number = performance.now()): void {
		const last = this.#logged.get(kind);
		if (last !== undefined && now - last.at < QUIET) {
			last.more++;
			return;
		}
		this.#logged.set(kind, { at: now, more: 0 });
		const count = last?.more ?? 0;
		this.#warn(count === 0 ? text : `${text} ${count} more since the last such line.`);
	}
}
