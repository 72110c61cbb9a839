import { GOING_AWAY } from '../../../socket/close-codes.ts';
import type { Report } from '../../../socket/report.ts';
import { now } from '../../process/clock.ts';
import type { OpenEntry } from '../connections/entry.ts';
import { EntryView } from '../connections/entry-view.ts';
import type { ManagedConnection } from '../connections/managed-connection.ts';
import { Rotation } from './rotation.ts';

/**
 * Decides about one open connection at each `cleanupInterval`.
 *
 * @returns Whether to close the connection. It may be async. If it fails, the connection is kept.
 */
export type CleanupPolicy = (connection: ManagedConnection) => boolean | Promise<boolean>;

/** The policy and its interval. */
export interface CleanupSettings {
	readonly policy: CleanupPolicy;
	/** Milliseconds between two calls for one connection. */
	readonly interval: number;
}

/**
 * Calls the site's policy for every open connection, spread over the interval.
 *
 * @returns The rotation of the connections.
 */
export function cleanUp(
	{ policy, interval }: CleanupSettings,
	report: Report,
	clock: () => number = now,
): Rotation<OpenEntry> {
	/** Connections with a pending call. */
	const awaited = new WeakSet<OpenEntry>();
	const visit = (entry: OpenEntry): void => {
		if (awaited.has(entry)) return;
		awaited.add(entry);
		apply(policy, entry)
			.catch((error: unknown) => report('The `customCleanupPolicy` failed', error, entry.subject))
			.finally(() => awaited.delete(entry));
	};
	return new Rotation(interval, visit, clock);
}

async function apply(policy: CleanupPolicy, entry: OpenEntry): Promise<void> {
	const verdict: unknown = await policy(new EntryView(entry));
	if (typeof verdict !== 'boolean') {
		throw new TypeError(`The \`customCleanupPolicy\` must return a boolean, got: ${verdict}`);
	}
	if (verdict) entry.close(GOING_AWAY, 'Cleaned up');
}
