/** Starts something with the first call. After a failure, the next call tries again. */
export function startOnce(start: () => Promise<void>): () => Promise<void> {
	let starting: Promise<void> | undefined;
	return () => {
		starting ??= start().catch((error: unknown) => {
			starting = undefined;
			throw error;
		});
		return starting;
	};
}
