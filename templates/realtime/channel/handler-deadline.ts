/**
 * The time of a handler. Most handlers do not use their signal, and an AbortSignal costs as much as a
 * small handler: it is made on demand.
 */
export class HandlerDeadline {
	#controller: AbortController | undefined;
	#listeners: (() => void)[] = [];
	#isOver = false;
	#reason: unknown;

	get isOver(): boolean {
		return this.#isOver;
	}

	/** Why the time is over. */
	get reason(): unknown {
		return this.#reason;
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
		for (const listener of this.#listeners.splice(0)) listener();
	}

	/** @throws the reason once the time is over. */
	check(): void {
		if (this.#isOver) throw this.#reason;
	}

	/** Calls back once when the time ends. The result cancels. */
	onEnd(listener: () => void): () => void {
		this.#listeners.push(listener);
		return () => {
			const index = this.#listeners.indexOf(listener);
			if (index >= 0) this.#listeners.splice(index, 1);
		};
	}
}
