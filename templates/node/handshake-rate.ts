interface Window {
	/** When it opened, on the clock of `performance.now()`. */
	readonly openedAt: number;
	count: number;
}

/** Counts handshakes by client; each client's window opens with its first. */
export class HandshakeRate {
	/** In the order in which they opened. */
	readonly #windows: Map<string, Window> = new Map();

	/**
	 * Counts one, unless there were `most` in the last `length` milliseconds.
	 *
	 * @returns The seconds after which to try again if so, otherwise 0.
	 */
	count(key: string, most: number, length: number, now: number = performance.now()): number {
		this.#forget(now - length);
		const window = this.#windows.get(key);
		if (window === undefined) {
			this.#windows.set(key, { openedAt: now, count: 1 });
			return 0;
		}
		if (window.count >= most) {
			return Math.max(1, Math.ceil((window.openedAt + length - now) / 1000));
		}
		window.count++;
		return 0;
	}

	get size(): number {
		return this.#windows.size;
	}

	#forget(openedBefore: number): void {
		for (const [key, window] of this.#windows) {
			if (window.openedAt > openedBefore) break;
			this.#windows.delete(key);
		}
	}
}
