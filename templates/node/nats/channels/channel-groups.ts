import { dropOldest } from '../../../realtime/channel/drop-oldest.ts';
import type { PresenceEntry } from '../../../realtime/channel/ports.ts';
import { isUndone } from '../../engine/answers.ts';
import type { OwnMember, Removal } from '../../engine/shared-membership.ts';
import { REMEMBERED_HEADS, TRACE_LIFETIME } from '../connection/limits.ts';
import type { Names } from '../connection/names.ts';
import type { PutOptions, Store, Stored } from '../connection/store.ts';
import type { Leases } from '../sessions/leases.ts';
import { readMember, writeMember } from './member.ts';
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
	/** The number of changes that this process made, by process and channel: it may take another id. */
	readonly #numbers = new Map<string, number>();

	constructor(init: GroupsInit) {
		this.#init = init;
	}

	async enter(channel: string, member: OwnMember): Promise<boolean> {
		const { store, leases, names } = this.#init;
		const { id } = member;
		const entry: PresenceEntry = JSON.parse(member.data);
		let after: number | undefined;
		// That of before may be of other data, in which another record has it.
		member.sequence = undefined;
		if (member.cancelDeparture !== undefined) {
			// Another process may have it by now.
			const found = await store.last(names.member(names.channel(channel), id));
			const known = found && readMember(found.data);
			if (known?.entry !== undefined && known.process !== leases.process) return false;
			after = found?.sequence ?? 0;
		}
		member.sequence = await this.#put(channel, id, entry, { after });
		return false;
	}

	async depart(channel: string, { id, sequence }: OwnMember): Promise<Removal> {
		const { store, leases, names } = this.#init;
		if (sequence === undefined || !(await this.#tell(channel, id, sequence))) {
			// It is of another process now, or a record of this one got no answer.
			const found = await store.last(names.member(names.channel(channel), id));
			if (found !== undefined) await this.#end(channel, found, leases.process);
		}
		return NOBODY_IS_TOLD;
	}

	async reap(channel: string, process: string): Promise<boolean> {
		const { store, names } = this.#init;
		const found: Stored[] = [];
		for await (const member of store.from(`${names.channel(channel).members}*`, 1)) {
			found.push(member);
		}
		await Promise.all(found.map((member) => this.#end(channel, member, process)));
		return false;
	}

	/** Removes a member, if it is still of this process. */
	async #end(channel: string, { sequence, data }: Stored, owner: string): Promise<void> {
		const { id, process, entry } = readMember(data);
		if (entry !== undefined && process === owner) await this.#tell(channel, id, sequence);
	}

	/** Tells a leave once. Returns whether the record was still the newest one. */
	async #tell(channel: string, id: string, after: number): Promise<boolean> {
		const options = { after, lifetime: TRACE_LIFETIME };
		return (await this.#put(channel, id, undefined, options)) !== undefined;
	}

	/** Writes a change with the next number, so that who listens notices a lost one. */
	async #put(
		channel: string,
		id: string,
		entry: PresenceEntry | undefined,
		options: PutOptions,
	): Promise<number | undefined> {
		const { store, leases, names } = this.#init;
		const { process } = leases;
		const key = `${process} ${channel}`;
		const number = (this.#numbers.get(key) ?? 0) + 1;
		const use = (used: number): void => {
			this.#numbers.delete(key);
			this.#numbers.set(key, used);
		};
		use(number);
		// The next change of a channel that is forgotten seems to follow lost ones, and presence is read.
		dropOldest(this.#numbers, REMEMBERED_HEADS);
		let isStored: boolean | undefined;
		try {
			const subject = names.member(names.channel(channel), id);
			const data = writeMember({ id, process, number, entry });
			const sequence = await store.put({ subject, data, ...options });
			isStored = sequence !== undefined;
			return sequence;
		} catch (error) {
			if (isUndone(error)) isStored = false;
			throw error;
		} finally {
			if (isStored === false && this.#numbers.get(key) === number) use(number - 1);
		}
	}
}
