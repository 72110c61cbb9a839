interface Window {
	/** When it opened, on the clock of `performance.now()`. */
	readonly openedAt: number;
	count: number;
}

/** A handshake that came too soon. */
export interface TooSoon {
	/** The handshakes of the client in its window, this one included. */
	readonly attempts: number;
	/** Seconds until the client may try again. */
	readonly retryAfter: number;
}

/** Counts handshakes by client; each client's window opens with its first. */
export class HandshakeRate {
	/** In the order in which they opened. */
	readonly #windows: Map<string, Window> = new Map();

	/**
	 * Counts one. A window of `length` milliseconds lets `most` of them through. The others do not
	 * make it longer.
	 *
	 * @returns `undefined` if it may go on.
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
