/**
 * The time of a handler. Most handlers do not use their signal, and an AbortSignal costs as much as a
 * small handler: it is made on demand.
 */
export class HandlerDeadline {
	#controller: AbortController | undefined;
	#reject: ((reason: unknown) => void) | undefined;
	#isOver = false;
	#reason: unknown;

	get isOver(): boolean {
		return this.#isOver;
	}

	/** For the site's code. */
	get signal(): AbortSignal {
		this.#controller ??= new AbortController();
		if (this.#isOver) this.#controller.abort(this.#reason);
		return this.#controller.signal;
	}

	/** Ends the time. */
	end(reason: unknown): void {
		if (this.#isOver) return;
		this.#isOver = true;
		this.#reason = reason;
		this.#controller?.abort(reason);
		this.#reject?.(reason);
	}

	/** @throws the reason once the time is over. */
	check(): void {
		if (this.#isOver) throw this.#reason;
	}

	/**
	 * The result of work, if it comes in time. Late results and errors are dropped. Called once.
	 *
	 * @throws the reason when the time ends.
	 */
	limit<Result>(work: () => Promise<Result>): Promise<Result> {
		return new Promise((resolve, reject) => {
			this.check();
			this.#reject = reject;
			work().then(resolve, reject);
		});
	}
}
