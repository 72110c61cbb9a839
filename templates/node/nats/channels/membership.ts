import type { Host } from '../../../realtime/channel/ports.ts';
import { type OwnMember, type Removal, SharedMembership } from '../../engine/shared-membership.ts';
import type { Names } from '../connection/names.ts';
import type { Store } from '../connection/store.ts';
import type { Leases } from '../sessions/leases.ts';

/** A kind of groups: channels, or users. It writes members as they are kept in NATS. */
export interface GroupKind {
	/** Returns whether it is, or was under the name of its coming, the first member of the group. */
	enter(group: string, member: OwnMember): Promise<boolean>;
	depart(group: string, member: OwnMember): Promise<Removal>;
	/** Removes all members of a process. Returns whether the group is empty because of this. */
	reap(group: string, process: string): Promise<boolean>;
	/** The first member has entered. Told to one process. */
	filled?(group: string): void;
	/** The last member has gone. Told to one process. */
	emptied?(group: string): void;
	/** This process has no member any more. */
	left?(group: string): void;
}

export interface MembershipInit {
	readonly store: Pick<Store, 'from' | 'put'>;
	readonly leases: Leases;
	readonly names: Names;
	readonly host: Pick<Host, 'alarm' | 'report'>;
	/** By the first letter of the names of groups. */
	readonly kinds: Readonly<Record<string, GroupKind>>;
}

/** Groups of a dead process that are cleared at once. */
const AT_ONCE = 200;

/**
 * The members of this process in groups that all processes share. Every member belongs to a process,
 * which alone removes it. The members of a dead process are removed by one of the others.
 */
export class Membership extends SharedMembership {
	readonly #init: MembershipInit;
	readonly #reaping = new Set<string>();

	constructor(init: MembershipInit) {
		super(init);
		this.#init = init;
	}

	/** Removes the members of dead processes. */
	async reap(dead: readonly string[]): Promise<void> {
		const { store, names, leases } = this.#init;
		for (const process of dead) {
			if (this.#reaping.has(process)) continue;
			this.#reaping.add(process);
			try {
				const groups: string[] = [];
				for await (const { data } of store.from(names.groupsOf(process), 1)) {
					if (data.length > 0) groups.push(data.toString());
				}
				for (let start = 0; start < groups.length; start += AT_ONCE) {
					const part = groups.slice(start, start + AT_ONCE);
					await Promise.all(part.map((group) => this.reapGroup(group, process)));
					await Promise.all(part.map((group) => this.#unlist(group, process)));
				}
				await leases.forget(process);
			} finally {
				this.#reaping.delete(process);
			}
		}
	}

	/** Removes the members of a dead process from a group. */
	async reapGroup(group: string, process: string): Promise<void> {
		const kind = this.#init.kinds[group.charAt(0)];
		if (await kind?.reap(group.slice(1), process)) kind?.emptied?.(group.slice(1));
	}

	protected async list(group: string): Promise<unknown> {
		const { store, names, leases } = this.#init;
		return await store.put({ subject: names.groupOf(leases.process, group), data: group });
	}

	protected async unlist(group: string): Promise<void> {
		// The group may have a member again, whose list entry is under way behind this one.
		if (!this.has(group)) await this.#unlist(group, this.#init.leases.process);
	}

	protected write(group: string, member: OwnMember): Promise<boolean> {
		return this.#kindOf(group).enter(group.slice(1), member);
	}

	protected remove(group: string, member: OwnMember): Promise<Removal> {
		return this.#kindOf(group).depart(group.slice(1), member);
	}

	protected filled(group: string): void {
		this.#kindOf(group).filled?.(group.slice(1));
	}

	protected emptied(group: string): void {
		this.#kindOf(group).emptied?.(group.slice(1));
	}

	protected override left(group: string): void {
		this.#kindOf(group).left?.(group.slice(1));
	}

	async #unlist(group: string, process: string): Promise<void> {
		const { store, names } = this.#init;
		await store.put({ subject: names.groupOf(process, group), data: '', lifetime: 1 });
	}

	#kindOf(group: string): GroupKind {
		const kind = this.#init.kinds[group.charAt(0)];
		if (kind === undefined) throw new Error(`There are no groups like ${group}.`);
		return kind;
	}
}
