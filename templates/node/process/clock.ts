/** A monotonic clock, in milliseconds. */
export function now(): number {
	return performance.now();
}
