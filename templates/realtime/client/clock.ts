/** Time, handed in so that tests drive it. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Calls back once after a number of milliseconds. The result cancels. */
	after(milliseconds: number, callback: () => void): () => void;
}

/** A longer time would be none. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

export const systemClock: Clock = {
	now: Date.now,
	after(milliseconds, callback) {
		const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_TIMEOUT));
		return () => clearTimeout(timer);
	},
};
