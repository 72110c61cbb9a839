import { GOING_AWAY } from '../../socket/close-codes.ts';
import type { Report } from '../../socket/report.ts';
import { now } from '../process/clock.ts';
import type { OpenEntry } from './entry.ts';
import { EntryView } from './entry-view.ts';
import type { ManagedConnection } from './managed-connection.ts';
import { Rotation } from './rotation.ts';

/**
 * Decides about one open connection, each `cleanupInterval`.
 *
 * @returns Whether to close it. It may be async. A connection for which it fails is kept.
 */
export type CleanupPolicy = (connection: ManagedConnection) => boolean | Promise<boolean>;

/** How a policy is asked. */
export interface CleanupSettings {
	readonly policy: CleanupPolicy;
	/** Milliseconds between two questions about one connection. */
	readonly interval: number;
}

/**
 * Asks a policy of the site's own about every open connection, spread over the interval.
 *
 * @returns Those that it is asked about.
 */
export function cleanUp(
	{ policy, interval }: CleanupSettings,
	report: Report,
	clock: () => number = now,
): Rotation<OpenEntry> {
	/** Those that an answer is still awaited for. */
	const asked = new WeakSet<OpenEntry>();
	const visit = (entry: OpenEntry): void => {
		if (asked.has(entry)) return;
		asked.add(entry);
		ask(policy, entry)
			.catch((error: unknown) => report('The `customCleanupPolicy` failed', error, entry.subject))
			.finally(() => asked.delete(entry));
	};
	return new Rotation(interval, visit, clock);
}

async function ask(policy: CleanupPolicy, entry: OpenEntry): Promise<void> {
	const verdict: unknown = await policy(new EntryView(entry));
	if (typeof verdict !== 'boolean') {
		throw new TypeError(`The \`customCleanupPolicy\` must return a boolean, got: ${verdict}`);
	}
	if (verdict) entry.close(GOING_AWAY, 'Cleaned up');
}
