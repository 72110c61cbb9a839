import type { Position } from '../position.ts';

/** What the engine acknowledged, beyond every fault. */
export class Truth {
	/** The position before each written one. */
	readonly #previous = new Map<Position, Position>();
	readonly #next = new Map<Position, Position>();
	/** Positions whose message was trimmed, or was lost by the engine. */
	readonly #unavailable = new Set<Position>();
	/** Positions that the log no longer continues from. */
	readonly #lost = new Set<Position>();

	wrote(position: Position, previous: Position): void {
		this.#previous.set(position, previous);
		this.#next.set(previous, position);
	}

	/** The position before a written one. */
	previousOf(position: Position): Position | undefined {
		return this.#previous.get(position);
	}

	/** Remembers which messages the log no longer has. */
	compare(available: ReadonlySet<Position>): void {
		for (const position of this.#previous.keys()) {
			if (!available.has(position)) this.#unavailable.add(position);
		}
	}

	/** The engine lost the messages that are no longer available. */
	lose(available: ReadonlySet<Position>): void {
		for (const position of this.#previous.keys()) {
			if (!available.has(position) && !this.#unavailable.has(position)) this.#lost.add(position);
		}
		this.compare(available);
	}

	/** The engine lost everything, also what it knew of trimmed messages. */
	loseAll(): void {
		for (const position of this.#previous.keys()) this.#lost.add(position);
		this.compare(new Set());
	}

	/** Whether a member with this position may be told of a gap. */
	mayHaveGap(position: Position, head: Position): boolean {
		if (position === head) return false;
		const next = this.#next.get(position);
		if (next !== undefined) return this.#unavailable.has(next);
		// That of no message is the beginning of an earlier log.
		return this.#lost.has(position) || !this.#previous.has(position);
	}

	/** Frees what is older than a number of messages. */
	forget(limit: number): void {
		for (const [position, previous] of this.#previous) {
			if (this.#previous.size <= limit) break;
			this.#previous.delete(position);
			this.#next.delete(previous);
			this.#unavailable.delete(position);
			this.#lost.delete(position);
		}
	}
}
