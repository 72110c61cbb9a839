import { GOING_AWAY } from '../../socket/close-codes.ts';
import type { Report } from '../../socket/report.ts';
import { now } from '../process/clock.ts';
import { ConnectionView, type ManagedConnection, type OpenSlot } from './managed-connection.ts';
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
): Rotation<OpenSlot> {
	/** Those that an answer is still awaited for. */
	const asked = new WeakSet<OpenSlot>();
	const visit = (slot: OpenSlot): void => {
		if (asked.has(slot)) return;
		asked.add(slot);
		ask(policy, slot)
			.catch((error: unknown) => report('The `customCleanupPolicy` failed', error, slot.subject))
			.finally(() => asked.delete(slot));
	};
	return new Rotation(interval, visit, clock);
}

async function ask(policy: CleanupPolicy, slot: OpenSlot): Promise<void> {
	const verdict: unknown = await policy(new ConnectionView(slot));
	if (typeof verdict !== 'boolean') {
		throw new TypeError(`The \`customCleanupPolicy\` must return a boolean, got: ${verdict}`);
	}
	if (verdict) slot.close(GOING_AWAY, 'Cleaned up');
}
