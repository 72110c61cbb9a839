interface Window {
	/** Start time on the clock of `performance.now()`. */
	readonly openedAt: number;
	count: number;
}

/** A throttled handshake. */
export interface TooSoon {
	/** The client's handshakes in the window, including this one. */
	readonly attempts: number;
	/** Seconds until the client may try again. */
	readonly retryAfter: number;
}

/** Counts handshakes by client. The window of a client starts with its first handshake. */
export class HandshakeRate {
	/** In the order of their start. */
	readonly #windows: Map<string, Window> = new Map();

	/**
	 * Counts a handshake. A window of `length` milliseconds allows `most` handshakes. Further ones do
	 * not extend the window.
	 *
	 * @returns `undefined` if the handshake may continue.
	 */
	count(
		key: string,
		most: number,
		length: number,
		now: number = performance.now(),
	): TooSoon | undefined {
		this.#forget(now - length);
		const window = this.#windows.get(key);
		if (window === undefined) {
			this.#windows.set(key, { openedAt: now, count: 1 });
			return undefined;
		}
		window.count++;
		if (window.count <= most) return undefined;
		const retryAfter = Math.max(1, Math.ceil((window.openedAt + length - now) / 1000));
		return { attempts: window.count, retryAfter };
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
