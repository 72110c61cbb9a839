import type { PresenceEntry } from '../../../realtime/channel/ports.ts';
import type { OwnMember, Removal } from '../../engine/shared-membership.ts';
import { TRACE_LIFETIME } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { Store, Stored } from '../connection/store.ts';
import type { Leases } from '../sessions/leases.ts';
import { readMember, writeDeparture, writeMember } from './member.ts';
import type { GroupKind } from './membership.ts';

export interface GroupsInit {
	readonly store: Pick<Store, 'from' | 'last' | 'put'>;
	readonly leases: Leases;
	readonly names: Names;
}

/** A channel may be empty, and begins and ends unnoticed. */
const NOBODY_IS_TOLD: Removal = { isLast: false, wasFirst: false };

/**
 * The members of channels. Each has a subject. Whoever removes one names the record that it saw last,
 * so that a member that entered at another process meanwhile stays, and each leave is told once.
 */
export class ChannelGroups implements GroupKind {
	readonly #init: GroupsInit;

	constructor(init: GroupsInit) {
		this.#init = init;
	}

	async enter(channel: string, member: OwnMember): Promise<boolean> {
		const { store, leases, names } = this.#init;
		const subject = names.member(names.channel(channel), member.id);
		const entry: PresenceEntry = JSON.parse(member.data);
		let after: number | undefined;
		// That of before may be of other data, in which another record has it.
		member.sequence = undefined;
		if (member.cancelDeparture !== undefined) {
			// Another process may have it by now.
			const found = await store.last(subject);
			const known = found && readMember(found.data);
			if (known?.entry !== undefined && known.owner !== leases.process) return false;
			after = found?.sequence ?? 0;
		}
		const data = writeMember(leases.process, entry);
		const sequence = await store.put({ subject, data, after });
		member.sequence = sequence;
		return false;
	}

	async depart(channel: string, { id, sequence }: OwnMember): Promise<Removal> {
		const { store, leases, names } = this.#init;
		const subject = names.member(names.channel(channel), id);
		if (sequence === undefined || !(await this.#tell(subject, id, sequence))) {
			// It is of another process now, or a record of this one got no answer.
			const found = await store.last(subject);
			if (found !== undefined) await this.#end(found, leases.process);
		}
		return NOBODY_IS_TOLD;
	}

	async reap(channel: string, process: string): Promise<boolean> {
		const { store, names } = this.#init;
		const found: Stored[] = [];
		for await (const member of store.from(`${names.channel(channel).members}*`, 1)) {
			found.push(member);
		}
		await Promise.all(found.map((member) => this.#end(member, process)));
		return false;
	}

	/** Removes a member, if it is still of this process. */
	async #end(found: Stored, process: string): Promise<void> {
		const { subject, sequence, data } = found;
		const { id, owner } = readMember(data);
		if (owner === process) await this.#tell(subject, id, sequence);
	}

	/** Tells a leave once. Returns whether the record was still the newest one. */
	async #tell(subject: string, id: string, after: number): Promise<boolean> {
		const data = writeDeparture(id);
		const lifetime = TRACE_LIFETIME;
		return (await this.#init.store.put({ subject, data, after, lifetime })) !== undefined;
	}
}
