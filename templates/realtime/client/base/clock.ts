/** Time, handed in so that tests drive it. */
export interface Clock {
	/** Milliseconds since 1970. */
	now(): number;
	/** Calls back once after a number of milliseconds. The result cancels. */
	after(milliseconds: number, callback: () => void): () => void;
}

/** 23 days. From 2 ** 31 milliseconds on `setTimeout` calls at once. */
const LONGEST_TIMEOUT = 2e9;

export const systemClock: Clock = {
	now: Date.now,
	after(milliseconds, callback) {
		const timer = setTimeout(callback, Math.min(milliseconds, LONGEST_TIMEOUT));
		return () => clearTimeout(timer);
	},
};
