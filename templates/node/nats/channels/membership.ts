import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Host } from '../../../realtime/channel/ports.ts';
import { type Asked, inTurn } from '../../engine/in-turn.ts';
import type { Names } from '../connection/names.ts';
import type { Store } from '../connection/store.ts';
import type { Leases } from '../sessions/leases.ts';

/** A member of this process in a group. */
export interface Own extends Asked {
	readonly id: string;
	readonly data: string;
	/** The sequence of its record. Undefined if NATS never had it. */
	sequence: number | undefined;
	/** Whether NATS has it as it is. */
	isWritten: boolean;
	/** Whether it was told that its group has a member. */
	isTold: boolean;
	cancelDeparture: (() => void) | undefined;
	/** Whether it has to be removed. Set also while NATS cannot be reached. */
	isDeparted: boolean;
}

/** A kind of groups: channels, or users. It writes members as they are kept in NATS. */
export interface GroupKind {
	/** Returns whether it is the first member of the group. */
	enter(group: string, member: Own): Promise<boolean>;
	/** Returns whether it was the last one. */
	depart(group: string, member: Own): Promise<boolean>;
	/** Removes all members of a process. Returns whether the group is empty because of this. */
	reap(group: string, process: string): Promise<boolean>;
	/** The first member has entered after an outage. Told to one process. */
	filled?(group: string): void;
	/** The last member has gone. Told to one process. */
	emptied?(group: string): void;
	/** This process has no member any more. */
	left?(group: string): void;
}

interface OwnGroup {
	readonly members: Map<string, Own>;
	/** Settled when NATS has the group in the list of this process. */
	listed: Promise<unknown> | undefined;
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
 * which alone removes it. What this process wants is kept here, so that it can be written again after
 * an outage. The members of a dead process are removed by one of the others.
 */
export class Membership {
	readonly #init: MembershipInit;
	readonly #own = new Map<string, OwnGroup>();
	/** Groups with members that NATS does not have as they are. */
	readonly #unwritten = new Set<string>();
	readonly #reaping = new Set<string>();

	constructor(init: MembershipInit) {
		this.#init = init;
	}

	/** The number of groups with members of this process. */
	get size(): number {
		return this.#own.size;
	}

	/** Whether a group has a member of this process. */
	has(group: string): boolean {
		return this.#own.has(group);
	}

	/**
	 * Adds a member, or replaces its data. It stays a member of this process also if this fails, until
	 * it departs.
	 *
	 * @returns Whether it is the first of its group.
	 * @throws RealtimeError if NATS does not answer.
	 */
	async enter(group: string, id: string, data: string): Promise<boolean> {
		const own = this.#own.get(group) ?? { members: new Map<string, Own>(), listed: undefined };
		this.#own.set(group, own);
		const before = own.members.get(id);
		before?.cancelDeparture?.();
		const member: Own = {
			id,
			data,
			sequence: before?.sequence,
			isWritten: false,
			isTold: false,
			asked: 0,
			answered: before?.answered ?? Promise.resolve(),
			cancelDeparture: undefined,
			isDeparted: false,
		};
		own.members.set(id, member);
		this.#unwritten.add(group);
		await this.#list(group, own);
		// It may have departed, or have been replaced, meanwhile.
		if (own.members.get(id) !== member || member.isDeparted) return false;
		return await this.#write(group, member);
	}

	/**
	 * Removes a member after milliseconds, unless it enters again before. It is removed for certain:
	 * after an outage, if there is one.
	 */
	depart(group: string, id: string, delay: number): void {
		const own = this.#own.get(group);
		const member = own?.members.get(id);
		if (own === undefined || member === undefined || member.isDeparted) return;
		member.cancelDeparture?.();
		const depart = (): void => {
			member.cancelDeparture = undefined;
			member.isDeparted = true;
			this.#unwritten.add(group);
			this.#do(this.#remove(group, own, member));
		};
		if (delay === 0) depart();
		else member.cancelDeparture = this.#init.host.alarm(delay, depart);
	}

	/**
	 * Writes everything again: after a loss of data, or after the lease of this process ended.
	 *
	 * @param wasReaped Whether others have removed the members, and told it.
	 */
	async repair(wasReaped: boolean): Promise<void> {
		for (const [group, own] of this.#own) {
			own.listed = undefined;
			for (const member of own.members.values()) {
				member.isWritten = false;
				if (wasReaped) member.isTold = false;
			}
			this.#unwritten.add(group);
		}
		await this.catchUp();
	}

	/** Writes what NATS does not have: because of an outage, or because it refused. */
	async catchUp(): Promise<void> {
		await Promise.all([...this.#unwritten].map((group) => this.#writeGroup(group)));
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
				}
				await Promise.all(groups.map((group) => this.#unlist(group, process)));
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

	/** @returns Whether it has to be told that the group has a member. */
	async #write(group: string, member: Own): Promise<boolean> {
		const kind = this.#kindOf(group);
		// NATS may read a record before it stores what was sent earlier.
		const isFirst = await inTurn(member, () => kind.enter(group.slice(1), member));
		const isNews = isFirst && !member.isTold;
		member.isWritten = true;
		member.isTold = true;
		this.#settle(group);
		return isNews;
	}

	async #remove(group: string, own: OwnGroup, member: Own): Promise<void> {
		const kind = this.#kindOf(group);
		const isLast = await inTurn(member, () => kind.depart(group.slice(1), member));
		// It may have entered again meanwhile.
		if (own.members.get(member.id) === member) own.members.delete(member.id);
		if (own.members.size === 0 && this.#own.get(group) === own) {
			this.#own.delete(group);
			kind.left?.(group.slice(1));
			this.#do(this.#unlist(group, this.#init.leases.process));
		}
		this.#settle(group);
		if (isLast) kind.emptied?.(group.slice(1));
	}

	/** Forgets a group among those that have to be written, once nothing is left to write. */
	#settle(group: string): void {
		for (const { isWritten, isDeparted } of this.#own.get(group)?.members.values() ?? []) {
			if (!isWritten || isDeparted) return;
		}
		this.#unwritten.delete(group);
	}

	async #writeGroup(group: string): Promise<void> {
		const own = this.#own.get(group);
		if (own === undefined) return;
		await this.#list(group, own);
		const writes = [...own.members.values()].map(async (member) => {
			if (member.asked > 0) return;
			if (member.isDeparted) await this.#remove(group, own, member);
			else if (!member.isWritten && (await this.#write(group, member))) {
				this.#kindOf(group).filled?.(group.slice(1));
			}
		});
		await Promise.all(writes);
		this.#settle(group);
	}

	/** Puts a group into the list of this process, before it has a member of it. */
	async #list(group: string, own: OwnGroup): Promise<void> {
		const { store, names, leases } = this.#init;
		own.listed ??= store
			.put({ subject: names.groupOf(leases.process, group), data: group })
			.catch((error: unknown) => {
				own.listed = undefined;
				throw error;
			});
		await own.listed;
	}

	async #unlist(group: string, process: string): Promise<void> {
		const { store, names } = this.#init;
		// The group may have a member again, whose list entry is under way behind this one.
		if (process === this.#init.leases.process && this.#own.has(group)) return;
		await store.put({ subject: names.groupOf(process, group), data: '', lifetime: 1 });
	}

	#kindOf(group: string): GroupKind {
		const kind = this.#init.kinds[group.charAt(0)];
		if (kind === undefined) throw new Error(`There are no groups like ${group}.`);
		return kind;
	}

	/** What an outage prevents is done afterwards. */
	#do(work: Promise<void>): void {
		work.catch((error: unknown) => {
			if (!isOutage(error)) this.#init.host.report('Realtime presence cannot be written', error);
		});
	}
}
