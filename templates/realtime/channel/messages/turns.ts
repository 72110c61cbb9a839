/**
 * Runs the messages of one connection to one channel in turn. An ephemeral message that still
 * waits is replaced by the next one of its name.
 */
export class Turns {
	readonly #limit: number;
	#waiting: Turn[] = [];
	#isRunning = false;

	/** @param limit The number of runs that may wait. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/**
	 * @param run Gives a promise only if it takes time. It never fails.
	 * @param replaces The name of an ephemeral message.
	 * @param isNeeded Whether there is room for it at any rate.
	 * @returns whether there was room.
	 */
	take(run: Run, replaces?: string, isNeeded?: boolean): boolean {
		if (!this.#isRunning) {
			this.#isRunning = true;
			const first = run();
			if (first === undefined && this.#waiting.length === 0) this.#isRunning = false;
			else void this.#goOn(first);
			return true;
		}
		const turn = { run, replaces };
		const same =
			replaces === undefined ? -1 : this.#waiting.findIndex((one) => one.replaces === replaces);
		if (same >= 0) {
			this.#waiting[same] = turn;
			return true;
		}
		if (!isNeeded && this.#waiting.length >= this.#limit) return false;
		this.#waiting.push(turn);
		return true;
	}

	async #goOn(first: ReturnType<Run>): Promise<void> {
		await first;
		for (let turn = this.#waiting.shift(); turn !== undefined; turn = this.#waiting.shift()) {
			await turn.run();
		}
		this.#isRunning = false;
	}
}

type Run = () => Promise<unknown> | undefined;

interface Turn {
	readonly run: Run;
	readonly replaces: string | undefined;
}
