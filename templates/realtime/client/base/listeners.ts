import { onAbort } from './abort.ts';
import { call } from './report.ts';

/** Functions of the site that are called together. */
export interface Listeners<Arguments extends readonly unknown[]> {
	readonly size: number;
	/** Adds a listener, until the result is called or the signal is aborted. */
	listen(listener: (...args: Arguments) => void, signal?: AbortSignal): () => void;
	/** Calls those that were there at the beginning and are still there. */
	tell(...args: Arguments): void;
	/** Removes all. */
	off(): void;
}

/**
 * @param retain Called for each new listener. Its result is called when the listener is removed.
 */
export function createListeners<Arguments extends readonly unknown[]>(
	retain: () => () => void,
): Listeners<Arguments> {
	/** By what removes them: a function that listens twice is called twice. */
	const listeners = new Map<() => void, (...args: Arguments) => void>();
	return {
		get size() {
			return listeners.size;
		},
		listen(listener, signal) {
			if (signal?.aborted) return () => {};
			const release = retain();
			const unlisten = onAbort(signal, remove);
			function remove(): void {
				if (!listeners.delete(remove)) return;
				unlisten();
				release();
			}
			listeners.set(remove, listener);
			return remove;
		},
		tell(...args) {
			for (const [remove, listener] of [...listeners]) {
				if (listeners.has(remove)) call(listener, ...args);
			}
		},
		off() {
			for (const remove of listeners.keys()) remove();
		},
	};
}
