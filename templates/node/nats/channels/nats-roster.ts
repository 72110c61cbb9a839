import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type { Host, PresenceEntry } from '../../../realtime/channel/ports.ts';
import { REVOCATION_LIFETIME } from '../../engine/limits.ts';
import { SharedRoster, type SharedRosterInit } from '../../engine/shared-roster.ts';
import type { Names } from '../connection/names.ts';
import type { Store, Stored } from '../connection/store.ts';
import type { Channels } from './channels.ts';
import { readMember } from './member.ts';
import type { Change } from './presence-chain.ts';

/** The length of a revocation's name, of `a-z0-9`. */
const REVOCATION_LENGTH = 16;

export interface NatsRosterInit extends SharedRosterInit {
	readonly store: Pick<Store, 'from' | 'put'>;
	readonly channels: Channels;
	readonly names: Names;
	readonly host: Pick<Host, 'alarm' | 'random' | 'waitUntil'>;
}

/** Presence, sessions and revocations of all processes. */
export class NatsRoster extends SharedRoster {
	readonly #init: NatsRosterInit;
	/** Whether this process has no connection before. */
	#isFirst = true;

	constructor(init: NatsRosterInit) {
		super(init);
		this.#init = init;
	}

	async present(channel: ChannelKey): Promise<readonly PresenceEntry[]> {
		const { store, names, channels } = this.#init;
		const present = new Map<string, PresenceEntry>();
		const owners = new Set<string>();
		const changes: Change[] = [];
		for await (const { sequence, data } of store.from(`${names.channel(channel).members}*`, 1)) {
			const { id, process, number, entry } = readMember(data);
			changes.push({ sequence, process, number });
			// One that changed while this is read comes again.
			present.delete(id);
			if (entry === undefined) continue;
			present.set(id, entry);
			owners.add(process);
		}
		channels.hasReadPresence(channel, changes);
		this.reapUnknown(channel, owners);
		return [...present.values()];
	}

	async revoke(channel: ChannelKey, userId: string): Promise<void> {
		const { store, names, host } = this.#init;
		await store.put({
			subject: names.revocations + host.random(REVOCATION_LENGTH),
			data: JSON.stringify([channel, userId]),
			lifetime: REVOCATION_LIFETIME,
		});
	}

	/** A revocation has arrived. */
	arrived({ subject, data }: Pick<Stored, 'subject' | 'data'>): void {
		this.revoked(subject, JSON.parse(data.toString()));
	}

	/** Reads revocations that were missed. */
	async readRevocations(): Promise<void> {
		const { store, names } = this.#init;
		for await (const revocation of store.from(`${names.revocations}*`, 1)) {
			// There are no joins from before the first connection.
			if (this.#isFirst) this.hear(revocation.subject);
			else this.arrived(revocation);
		}
		this.#isFirst = false;
	}
}
