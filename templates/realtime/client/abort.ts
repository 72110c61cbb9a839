/** Calls back when a signal is aborted. The result ends it. */
export function onAbort(signal: AbortSignal | undefined, callback: () => void): () => void {
	signal?.addEventListener('abort', callback, { once: true });
	return () => signal?.removeEventListener('abort', callback);
}

/** Makes an aborted signal call the function, which may also be called otherwise. */
export function listenUntil(signal: AbortSignal | undefined, unlisten: () => void): () => void {
	const release = onAbort(signal, unlisten);
	if (signal?.aborted) unlisten();
	return () => {
		release();
		unlisten();
	};
}
