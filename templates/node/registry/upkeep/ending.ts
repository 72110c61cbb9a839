import { setTimeout as wait } from 'node:timers/promises';
import { GOING_AWAY, SERVICE_RESTART } from '../../../socket/close-codes.ts';
import { afterReading } from '../../process/after-reading.ts';
import type { Entry } from '../connections/entry.ts';
import type { ClosingOptions } from '../connections/shutdown-options.ts';
import type { ClosingProgress, ClosingReport, ManagerEvents } from './manager-events.ts';

/** Milliseconds between two progress events, and between two batches of a drain. */
const PROGRESS_INTERVAL = 200;
const BATCH_INTERVAL = 50;

/** Milliseconds within which clients come back: at least, and for each connection. */
const SHORTEST_DRAIN = 1000;
const DRAIN_PER_CONNECTION = 2;

/**
 * Ends connections: closes them at once or spread over some time, waits, and terminates the rest.
 */
export async function end(
	entries: readonly Entry[],
	{ timeout, code, reason, over = 0 }: ClosingOptions,
	events: ManagerEvents,
): Promise<ClosingReport> {
	const start = performance.now();
	let remaining = entries.length;
	const progress = (): [ClosingProgress] => [
		{ connections: entries.length, remaining, elapsed: performance.now() - start },
	];
	const ended = entries.map(async (entry) => {
		await entry.gone;
		remaining--;
	});
	const allGone = Promise.all(ended);
	const emitProgress = (): void => events.emit('shutdown:progress', progress);
	emitProgress();
	const timer = setInterval(emitProgress, PROGRESS_INTERVAL);

	drain(entries);
	await closeInBatches(entries, { code, reason, over, allGone });
	await within(timeout, allGone);
	clearInterval(timer);
	const terminated = remaining;
	if (terminated > 0) for (const entry of entries) entry.terminate();
	await allGone;
	const report: ClosingReport = {
		connections: entries.length,
		closed: entries.length - terminated,
		terminated,
		elapsed: performance.now() - start,
	};
	events.emit('shutdown:complete', () => [report]);
	return report;
}

/**
 * Tells clients to come back spread over some time, which grows with their number: 20 s for 10,000.
 */
function drain(entries: readonly Entry[]): void {
	const drained = entries.filter((entry) => entry.drain !== undefined);
	const time = Math.max(SHORTEST_DRAIN, drained.length * DRAIN_PER_CONNECTION);
	for (const entry of drained) entry.drain?.(time);
}

interface Batches {
	readonly code: number;
	readonly reason: string;
	readonly over: number;
	readonly allGone: Promise<unknown>;
}

async function closeInBatches(
	entries: readonly Entry[],
	{ code, reason, over, allGone }: Batches,
): Promise<void> {
	const start = performance.now();
	let requested = 0;
	while (requested < entries.length) {
		const elapsed = performance.now() - start;
		const due = over === 0 ? entries.length : Math.ceil((entries.length * elapsed) / over);
		for (const entry of entries.slice(requested, due)) {
			const isDrained = entry.drain !== undefined && code === GOING_AWAY;
			entry.close(isDrained ? SERVICE_RESTART : code, reason);
		}
		requested = Math.max(requested, due);
		if (requested < entries.length && (await within(BATCH_INTERVAL, allGone))) return;
	}
}

/** Whether the promise settles within the time. */
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
