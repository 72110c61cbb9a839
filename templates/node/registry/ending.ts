import { setTimeout as wait } from 'node:timers/promises';
import { afterReading } from '../process/after-reading.ts';
import type { ClosingOptions } from './connections.ts';
import type { ClosingProgress, ClosingReport, ManagerEvents } from './manager-events.ts';
import type { Slot } from './slot.ts';

/** Milliseconds between two events that tell of the progress, and between two batches of a drain. */
const PROGRESS_INTERVAL = 200;
const BATCH_INTERVAL = 50;

/**
 * Brings connections to an end: asks them to close, all at once or spread over some time, waits,
 * and terminates what is left.
 */
export async function end(
	slots: readonly Slot[],
	{ timeout, code, reason, over = 0 }: ClosingOptions,
	events: ManagerEvents,
): Promise<ClosingReport> {
	const start = performance.now();
	let remaining = slots.length;
	const progress = (): [ClosingProgress] => [
		{ connections: slots.length, remaining, elapsed: performance.now() - start },
	];
	const ended = slots.map(async (slot) => {
		await slot.gone;
		remaining--;
	});
	const allGone = Promise.all(ended);
	const tell = (): void => events.emit('shutdown:progress', progress);
	tell();
	const timer = setInterval(tell, PROGRESS_INTERVAL);

	await ask(slots, { code, reason, over, allGone });
	await within(timeout, allGone);
	clearInterval(timer);
	const terminated = remaining;
	if (terminated > 0) for (const slot of slots) slot.terminate();
	await allGone;
	const report: ClosingReport = {
		connections: slots.length,
		closed: slots.length - terminated,
		terminated,
		elapsed: performance.now() - start,
	};
	events.emit('shutdown:complete', () => [report]);
	return report;
}

interface Asking {
	readonly code: number;
	readonly reason: string;
	readonly over: number;
	readonly allGone: Promise<unknown>;
}

async function ask(slots: readonly Slot[], { code, reason, over, allGone }: Asking): Promise<void> {
	const start = performance.now();
	let asked = 0;
	while (asked < slots.length) {
		const elapsed = performance.now() - start;
		const due = over === 0 ? slots.length : Math.ceil((slots.length * elapsed) / over);
		for (const slot of slots.slice(asked, due)) slot.close(code, reason);
		asked = Math.max(asked, due);
		if (asked < slots.length && (await within(BATCH_INTERVAL, allGone))) return;
	}
}

/** Whether it is kept within so many milliseconds. */
async function within(milliseconds: number, promise: Promise<unknown>): Promise<boolean> {
	const given = new AbortController();
	const { signal } = given;
	const tooLate = wait(milliseconds, undefined, { signal })
		.then(() => new Promise<void>(afterReading))
		.then(
			() => false,
			() => false,
		);
	const isKept = await Promise.race([promise.then(() => true), tooLate]);
	given.abort();
	return isKept;
}
