import { PRESENCE_INTERVAL } from '../channel/limits.ts';
import type { Member } from '../channel/members/member.ts';
import type { Host } from '../channel/ports.ts';
import { isRealtimeError } from '../protocol/errors.ts';

/** What the client of a join says of itself. Of data that wait, the newest ones count. */
export class PresenceUpdates {
	readonly #host: Pick<Host, 'alarm' | 'report' | 'waitUntil'>;
	#next: { readonly data: unknown } | undefined;
	#isRunning = false;

	constructor(host: Pick<Host, 'alarm' | 'report' | 'waitUntil'>) {
		this.#host = host;
	}

	take(data: unknown): void {
		this.#next = { data };
	}

	/** Tells the channel. While one update runs, and a moment longer, the next one waits. */
	apply(member: Member): void {
		if (!this.#isRunning) this.#host.waitUntil(this.#run(member));
	}

	async #run(member: Member): Promise<void> {
		this.#isRunning = true;
		while (this.#next !== undefined && !member.hasEnded) {
			const { data } = this.#next;
			this.#next = undefined;
			try {
				await member.setPresence(data);
			} catch (error) {
				// The protocol has no answer to it. The member keeps the data that it had.
				if (!isRealtimeError(error)) {
					this.#host.report('Presence cannot be updated', error);
				}
			}
			// Changes are gathered for this time: more than one in it would be for nobody.
			await new Promise<void>((resolve) => this.#host.alarm(PRESENCE_INTERVAL, resolve));
		}
		this.#isRunning = false;
	}
}
