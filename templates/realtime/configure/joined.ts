import { setTimeout } from 'node:timers/promises';

/**
 * How long files are quiet before their changes count, in milliseconds. Watchers tell of a file that
 * is gone 100 ms late, so that a renamed one comes first and goes then. They may tell of a file that
 * is written while it is still empty.
 */
const QUIET = 150;
/** The longest wait for that, in milliseconds. */
const LONGEST = 1000;

/**
 * Runs work once for changes that come close together, and one run after the other.
 *
 * @returns A function to call for each change. Resolves once the work has run after it.
 */
export function joined(work: () => void | Promise<void>): () => Promise<void> {
	let changedAt = 0;
	let next: Promise<void> | undefined;
	let last = Promise.resolve();
	const run = async (before: Promise<void>): Promise<void> => {
		const latest = changedAt + LONGEST;
		const left = (): number => Math.min(changedAt + QUIET, latest) - performance.now();
		while (left() > 0) await setTimeout(left());
		await before;
		next = undefined;
		await work();
	};
	return () => {
		changedAt = performance.now();
		if (next === undefined) {
			next = run(last);
			last = next;
		}
		return next;
	};
}
