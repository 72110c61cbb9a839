import { isOutage } from '../../realtime/channel/outage.ts';
import type { Host } from '../../realtime/channel/ports.ts';
import { USER_GROUP } from './groups.ts';
import { type Asked, inTurn } from './in-turn.ts';
import { RECOVERY, WRITTEN_AT_ONCE } from './limits.ts';
import { Slots } from './slots.ts';

/** A member of this process in a group. */
export interface OwnMember extends Asked {
	readonly id: string;
	readonly data: string;
	coming: Coming;
	/** One with the same id that has to be removed before: its departure got no answer. */
	readonly earlier: OwnMember | undefined;
	/** The sequence of its record, where records have one. Undefined if the server never had it. */
	sequence: number | undefined;
	/** Whether the server has it as it is. */
	isWritten: boolean;
	cancelDeparture: (() => void) | undefined;
	/** Whether it has to be removed. Set also while the server cannot be reached. */
	isDeparted: boolean;
	isRemoved: boolean;
}

/**
 * A member came, and may be the first of its group. The server keeps the name with the group: a
 * command whose answer was lost is repeated under the same name, and is answered as it was before.
 */
export interface Coming {
	readonly name: string;
	/** Whether the answer has arrived. If the member was the first one, that is told by now. */
	isAnswered: boolean;
}

/** What the removal of a member has to be told of. */
export interface Removal {
	/** The member was the last one of its group. */
	readonly isLast: boolean;
	/** It was the first one, too. That is news if its coming got no answer. */
	readonly wasFirst: boolean;
}

interface OwnGroup {
	readonly members: Map<string, OwnMember>;
	/** Settled when the server has the group in the list of this process. */
	listed: Promise<unknown> | undefined;
}

export interface SharedMembershipInit {
	readonly host: Pick<Host, 'alarm' | 'report'>;
	readonly leases: { readonly process: string };
}

/**
 * The members of this process in groups that all processes share, as far as engines do not differ in
 * them. What this process wants is kept here, so that it can be written again after an outage.
 */
export abstract class SharedMembership {
	readonly #init: SharedMembershipInit;
	readonly #own = new Map<string, OwnGroup>();
	/** Groups with members that the server does not have as they are. */
	readonly #unwritten = new Set<string>();
	/** For what is written again. */
	readonly #slots = new Slots(WRITTEN_AT_ONCE);
	#comings = 0;
	/** Departures that wait until all processes have entered their members again. */
	#waiting: Set<() => void> | undefined;
	#cancelRecovery: (() => void) | undefined;

	constructor(init: SharedMembershipInit) {
		this.#init = init;
	}

	/** Puts a group into the list of this process, before it has a member of it. */
	protected abstract list(group: string): Promise<unknown>;
	protected abstract unlist(group: string): Promise<unknown>;
	/**
	 * Writes a member.
	 *
	 * @returns Whether it is, or was under this name, the first of its group.
	 */
	protected abstract write(group: string, member: OwnMember): Promise<boolean>;
	/** Removes a member that is still of this process. */
	protected abstract remove(group: string, member: OwnMember): Promise<Removal>;
	/** The first member came. Told to one process. */
	protected abstract filled(group: string): void;
	/** The last member has gone. Told to one process. */
	protected abstract emptied(group: string): void;
	/** This process has no member any more. */
	protected left?(group: string): void;

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
	 * @throws RealtimeError if the server does not answer.
	 */
	async enter(group: string, id: string, data: string): Promise<void> {
		const own = this.#own.get(group) ?? { members: new Map(), listed: undefined };
		this.#own.set(group, own);
		const before = own.members.get(id);
		before?.cancelDeparture?.();
		const hasDeparted = before?.isDeparted === true;
		const member: OwnMember = {
			id,
			data,
			coming: before === undefined || hasDeparted ? this.#newComing() : before.coming,
			earlier: hasDeparted ? before : before?.earlier,
			sequence: before?.sequence,
			isWritten: false,
			asked: 0,
			answered: before?.answered ?? Promise.resolve(),
			cancelDeparture: undefined,
			isDeparted: false,
			isRemoved: false,
		};
		own.members.set(id, member);
		this.#unwritten.add(group);
		await this.#list(group, own);
		// It may have departed, or have been replaced, meanwhile.
		if (own.members.get(id) === member && !member.isDeparted) await this.#write(group, own, member);
	}

	/**
	 * Removes a member after milliseconds, unless it enters again before. It is removed for certain:
	 * after an outage, if there is one.
	 */
	depart(group: string, id: string, delay: number): void {
		const own = this.#own.get(group);
		const member = own?.members.get(id);
		if (own === undefined || member === undefined || member.isDeparted) return;
		this.#departAfter(group, own, member, delay);
	}

	/**
	 * Writes everything again: after a loss of data, or after the lease of this process ended.
	 *
	 * @param wasReaped Whether others have removed the members, and told it.
	 */
	async repair(wasReaped: boolean): Promise<void> {
		if (!wasReaped) this.#recover();
		for (const [group, own] of this.#own) {
			own.listed = undefined;
			this.#spoil(group, own, wasReaped);
		}
		await this.catchUp();
	}

	/** Writes the members of a group again. */
	async repairGroup(group: string): Promise<void> {
		const own = this.#own.get(group);
		if (own === undefined) return;
		this.#spoil(group, own, false);
		await this.catchUp();
	}

	/** Writes what the server does not have: because of an outage, or because it refused. */
	async catchUp(): Promise<void> {
		await Promise.all([...this.#unwritten].map((group) => this.#writeGroup(group)));
	}

	/** The engine ends. */
	close(): void {
		this.#cancelRecovery?.();
	}

	#newComing(): Coming {
		return { name: `${this.#init.leases.process}.${++this.#comings}`, isAnswered: false };
	}

	#departAfter(group: string, own: OwnGroup, member: OwnMember, delay: number): void {
		const depart = (): void => {
			// Others may be about to enter a user again who seems to have no connection.
			if (this.#waiting !== undefined && group.startsWith(USER_GROUP)) {
				this.#waiting.add(depart);
				member.cancelDeparture = () => this.#waiting?.delete(depart);
				return;
			}
			member.cancelDeparture = undefined;
			member.isDeparted = true;
			this.#unwritten.add(group);
			this.#do(this.#remove(group, own, member));
		};
		member.cancelDeparture?.();
		if (delay === 0) depart();
		else member.cancelDeparture = this.#init.host.alarm(delay, depart);
	}

	async #write(group: string, own: OwnGroup, member: OwnMember): Promise<void> {
		// What is asked together may overtake each other.
		const isFirst = await inTurn(member, async () => {
			await this.#removeEarlier(group, own, member);
			return await this.write(group, member);
		});
		member.isWritten = true;
		this.#settle(group);
		this.#came(group, member, isFirst);
	}

	async #remove(group: string, own: OwnGroup, member: OwnMember): Promise<void> {
		const removal = await inTurn(member, async () => {
			if (member.isRemoved) return undefined;
			await this.#removeEarlier(group, own, member);
			const removed = await this.remove(group, member);
			member.isRemoved = true;
			return removed;
		});
		if (removal === undefined) return;
		// It may have entered again meanwhile.
		if (own.members.get(member.id) === member) own.members.delete(member.id);
		this.#settle(group);
		if (own.members.size === 0 && this.#own.get(group) === own) {
			this.#own.delete(group);
			this.left?.(group);
			this.#do(this.unlist(group));
		}
		this.#came(group, member, removal.wasFirst);
		if (removal.isLast) this.emptied(group);
	}

	/** Its departure is made up for before the member comes again. */
	async #removeEarlier(group: string, own: OwnGroup, { earlier }: OwnMember): Promise<void> {
		if (earlier !== undefined) await this.#remove(group, own, earlier);
	}

	#came(group: string, { coming }: OwnMember, isFirst: boolean): void {
		const isNews = isFirst && !coming.isAnswered;
		coming.isAnswered = true;
		if (isNews) this.filled(group);
	}

	/** Everything of a group has to be written again. */
	#spoil(group: string, own: OwnGroup, wasReaped: boolean): void {
		for (const member of own.members.values()) {
			member.isWritten = false;
			if (wasReaped) {
				// It comes again, unless nobody was told of it yet.
				if (member.coming.isAnswered) member.coming = this.#newComing();
			} else if (member.isDeparted && group.startsWith(USER_GROUP)) {
				// Who is the last one shows when all have come again.
				member.isDeparted = false;
				this.#departAfter(group, own, member, 0);
			}
		}
		this.#unwritten.add(group);
	}

	/** The data is lost. Every process enters its members again. */
	#recover(): void {
		this.#waiting ??= new Set();
		this.#cancelRecovery?.();
		this.#cancelRecovery = this.#init.host.alarm(RECOVERY, () => {
			const waiting = this.#waiting ?? [];
			this.#waiting = undefined;
			for (const depart of waiting) depart();
		});
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
		await this.#slots.run(() => this.#list(group, own));
		const write = async (member: OwnMember): Promise<void> => {
			if (member.asked > 0) return;
			if (member.isDeparted) await this.#remove(group, own, member);
			else if (!member.isWritten) await this.#write(group, own, member);
		};
		const members = [...own.members.values()];
		await Promise.all(members.map((member) => this.#slots.run(() => write(member))));
		this.#settle(group);
	}

	async #list(group: string, own: OwnGroup): Promise<void> {
		own.listed ??= this.list(group).catch((error: unknown) => {
			own.listed = undefined;
			throw error;
		});
		await own.listed;
	}

	/** What an outage prevents is done afterwards. */
	#do(work: Promise<unknown>): void {
		work.catch((error: unknown) => {
			if (!isOutage(error)) this.#init.host.report('Realtime presence cannot be written', error);
		});
	}
}
