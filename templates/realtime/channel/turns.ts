/**
 * Runs the messages of one connection to one channel in turn. An ephemeral message that still
 * waits is replaced by the next one of its name.
 */
export class Turns {
	readonly #limit: number;
	#waiting: Turn[] = [];
	#isRunning = false;

	/** @param limit The number of messages that may wait. */
	constructor(limit: number) {
		this.#limit = limit;
	}

	/**
	 * @param run Never rejects.
	 * @param replaces The name of an ephemeral message.
	 * @returns whether there was room.
	 */
	take(run: () => Promise<void>, replaces?: string): boolean {
		const turn = { run, replaces };
		const same =
			replaces === undefined ? -1 : this.#waiting.findIndex((one) => one.replaces === replaces);
		if (same >= 0) {
			this.#waiting[same] = turn;
			return true;
		}
		if (this.#waiting.length >= this.#limit) return false;
		this.#waiting.push(turn);
		if (!this.#isRunning) void this.#run();
		return true;
	}

	async #run(): Promise<void> {
		this.#isRunning = true;
		for (let turn = this.#waiting.shift(); turn !== undefined; turn = this.#waiting.shift()) {
			await turn.run();
		}
		this.#isRunning = false;
	}
}

interface Turn {
	readonly run: () => Promise<void>;
	readonly replaces: string | undefined;
}
