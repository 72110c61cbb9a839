/** Time, handed in so that tests drive it. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Calls back once after a number of milliseconds. The result cancels. */
	after(milliseconds: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
	now: Date.now,
	after(milliseconds, callback) {
		const timer = setTimeout(callback, milliseconds);
		return () => clearTimeout(timer);
	},
};
