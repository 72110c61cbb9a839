import { waitFor } from './wait.ts';

/** Values that arrive, of which each is taken once. */
export class Arrivals<Value> {
	readonly #waiting: Value[] = [];
	readonly #takers = new Set<(value: Value) => void>();

	add(value: Value): void {
		const [taker] = this.#takers;
		if (taker === undefined) this.#waiting.push(value);
		else {
			this.#takers.delete(taker);
			taker(value);
		}
	}

	/** Resolves with the oldest value that was not taken. */
	async take(timeout: number, describe: () => string): Promise<Value> {
		if (this.#waiting.length > 0) return this.#waiting.shift() as Value;
		return await waitFor<Value>(
			timeout,
			(resolve) => {
				this.#takers.add(resolve);
				return () => this.#takers.delete(resolve);
			},
			describe,
		);
	}
}
