/** A clock that never goes back, in milliseconds. */
export function now(): number {
	return performance.now();
}
