/** The part of an AbortSignal that the definition of a channel needs of the one for a handler. */
export interface HandlerSignal {
	readonly aborted: boolean;
	readonly reason: unknown;
	throwIfAborted(): void;
	addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
	removeEventListener(type: 'abort', listener: () => void): void;
}

/**
 * The signal of a handler. Most handlers do not use theirs, and an AbortSignal costs as much as a
 * small handler: it is made on demand.
 */
export class HandlerDeadline implements HandlerSignal {
	#controller: AbortController | undefined;
	#listeners: (() => void)[] = [];
	#aborted = false;
	#reason: unknown;

	get aborted(): boolean {
		return this.#aborted;
	}

	get reason(): unknown {
		return this.#reason;
	}

	/** As AbortSignal, for the site's code. */
	get signal(): AbortSignal {
		this.#controller ??= new AbortController();
		if (this.#aborted) this.#controller.abort(this.#reason);
		return this.#controller.signal;
	}

	abort(reason: unknown): void {
		if (this.#aborted) return;
		this.#aborted = true;
		this.#reason = reason;
		this.#controller?.abort(reason);
		for (const listener of this.#listeners.splice(0)) listener();
	}

	throwIfAborted(): void {
		if (this.#aborted) throw this.#reason;
	}

	/** The listener is called at most once. */
	addEventListener(_type: 'abort', listener: () => void): void {
		this.#listeners.push(listener);
	}

	removeEventListener(_type: 'abort', listener: () => void): void {
		const index = this.#listeners.indexOf(listener);
		if (index >= 0) this.#listeners.splice(index, 1);
	}
}

/** A handler's signal for the site's code. */
export function abortSignalOf(signal: HandlerSignal | AbortSignal): AbortSignal {
	if (signal instanceof AbortSignal) return signal;
	return (signal as HandlerDeadline).signal;
}
