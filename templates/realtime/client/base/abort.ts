/** Calls back when a signal is aborted. The result ends it. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
	signal?.addEventListener('abort', callback);
	return () => signal?.removeEventListener('abort', callback);
}
