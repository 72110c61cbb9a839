import { now } from '../shared/clock.ts';
import { GOING_AWAY } from '../shared/close-codes.ts';
import type { Report } from '../shared/report.ts';
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

/** Asks a policy of the site's own about every open connection, spread over the interval. */
export class Cleanup {
	readonly #policy: CleanupPolicy;
	readonly #report: Report;
	readonly #rotation: Rotation<OpenSlot>;
	/** Those that an answer is still awaited for. */
	readonly #asked: WeakSet<OpenSlot> = new WeakSet();

	constructor({ policy, interval }: CleanupSettings, report: Report, clock: () => number = now) {
		this.#policy = policy;
		this.#report = report;
		this.#rotation = new Rotation(interval, (slot) => this.#visit(slot), clock);
	}

	add(slot: OpenSlot): void {
		this.#rotation.add(slot);
	}

	delete(slot: OpenSlot): void {
		this.#rotation.delete(slot);
	}

	stop(): void {
		this.#rotation.stop();
	}

	/** Asks about those who are due, which a timer does as well. */
	look(): void {
		this.#rotation.look();
	}

	#visit(slot: OpenSlot): void {
		if (this.#asked.has(slot)) return;
		this.#asked.add(slot);
		this.#ask(slot)
			.catch((error: unknown) => this.#report('The `customCleanupPolicy` failed', error))
			.finally(() => this.#asked.delete(slot));
	}

	async #ask(slot: OpenSlot): Promise<void> {
		const verdict: unknown = await this.#policy(new ConnectionView(slot));
		if (typeof verdict !== 'boolean') {
			throw new TypeError(`The \`customCleanupPolicy\` must return a boolean, got: ${verdict}`);
		}
		if (verdict) slot.close(GOING_AWAY, 'Cleaned up');
	}
}
