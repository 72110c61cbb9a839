import { isOutage } from '../../../realtime/channel/outage.ts';
import type { Host } from '../../../realtime/channel/ports.ts';
import { type Asked, inTurn } from '../../engine/in-turn.ts';
import { REAPING } from '../../engine/limits.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys } from '../connection/keys.ts';
import { DEPART, ENTER, REAP } from '../scripts/membership.ts';
import type { Leases } from '../sessions/leases.ts';

/** Groups of a dead process that are cleared at once. */
const AT_ONCE = 500;

/** A group of members that belong to processes: those of a channel, or the connections of a user. */
export interface Group {
	/** The name in the list of groups of a process. */
	readonly name: string;
	readonly key: string;
	/** The subject that hears of changes, empty if nobody does. */
	readonly subject: string;
}

/** A member of this process. */
interface Own extends Asked {
	readonly data: string;
	/** Whether Redis has it as it is. */
	isWritten: boolean;
	/** Whether it was told that its group has a member. */
	isTold: boolean;
	cancelDeparture: (() => void) | undefined;
	/** Whether it has to be removed. Set also while Redis cannot be reached. */
	isDeparted: boolean;
}

interface OwnGroup {
	readonly group: Group;
	readonly members: Map<string, Own>;
	/** Settled when Redis has the group in the list of this process. */
	listed: Promise<unknown> | undefined;
}

export interface MembershipInit {
	readonly commands: Pick<Commands, 'run' | 'send'>;
	readonly leases: Leases;
	readonly keys: Keys;
	readonly host: Pick<Host, 'alarm' | 'report'>;
	/** Finds a group by its name. */
	readonly groupOf: (name: string) => Group | undefined;
	/** The last member of a group has gone. Told to one process. */
	readonly emptied: (group: Group) => void;
	/** The first member of a group has entered after an outage. Told to one process. */
	readonly filled: (group: Group) => void;
}

/**
 * The members of this process in groups that all processes share. Every member belongs to a process,
 * which alone removes it. What this process wants is kept here, so that it can be written again after
 * an outage. The members of a dead process are removed by one of the others.
 */
export class Membership {
	readonly #init: MembershipInit;
	readonly #own = new Map<string, OwnGroup>();
	/** Groups with members that Redis does not have as they are. */
	readonly #unwritten = new Set<OwnGroup>();
	readonly #reaping = new Set<string>();

	constructor(init: MembershipInit) {
		this.#init = init;
	}

	/** The number of groups with members of this process. */
	get size(): number {
		return this.#own.size;
	}

	/** Whether a group has a member of this process. */
	has(name: string): boolean {
		return this.#own.has(name);
	}

	/**
	 * Adds a member, or replaces its data. It stays a member of this process also if this fails, until
	 * it departs.
	 *
	 * @returns Whether it is the first of its group.
	 * @throws RealtimeError if Redis does not answer.
	 */
	async enter(name: string, id: string, data: string): Promise<boolean> {
		const own = this.#own.get(name) ?? this.#begin(name);
		const before = own.members.get(id);
		before?.cancelDeparture?.();
		const member: Own = {
			data,
			isWritten: false,
			isTold: false,
			asked: 0,
			answered: before?.answered ?? Promise.resolve(),
			cancelDeparture: undefined,
			isDeparted: false,
		};
		own.members.set(id, member);
		this.#unwritten.add(own);
		await this.#list(own);
		// It may have departed, or have been replaced, meanwhile.
		if (own.members.get(id) !== member || member.isDeparted) return false;
		return await this.#write(own, id, member);
	}

	/**
	 * Removes a member after milliseconds, unless it enters again before. It is removed for certain:
	 * after an outage, if there is one.
	 */
	depart(name: string, id: string, delay: number): void {
		const own = this.#own.get(name);
		const member = own?.members.get(id);
		if (own === undefined || member === undefined || member.isDeparted) return;
		member.cancelDeparture?.();
		const depart = (): void => {
			member.cancelDeparture = undefined;
			member.isDeparted = true;
			this.#unwritten.add(own);
			this.#do(this.#remove(own, id, member));
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
		for (const own of this.#own.values()) {
			own.listed = undefined;
			this.#spoil(own, wasReaped);
		}
		await this.catchUp();
	}

	/** Writes the members of a group again. */
	async repairGroup(name: string): Promise<void> {
		const own = this.#own.get(name);
		if (own === undefined) return;
		this.#spoil(own, false);
		await this.catchUp();
	}

	/** Writes what Redis does not have, because of an outage. */
	async catchUp(): Promise<void> {
		await Promise.all([...this.#unwritten].map((own) => this.#writeGroup(own)));
	}

	/** Removes the members of dead processes. One process does it for all. */
	async reap(dead: readonly string[]): Promise<void> {
		const { commands, keys, leases } = this.#init;
		for (const process of dead) {
			if (this.#reaping.has(process)) continue;
			this.#reaping.add(process);
			try {
				const lock = keys.reaping(process);
				const taken = await commands.send('SET', lock, leases.process, 'NX', 'PX', REAPING);
				if (taken === null) continue;
				const list = keys.groupsOf(process);
				const names = (await commands.send('SMEMBERS', list)) as readonly Buffer[];
				for (let start = 0; start < names.length; start += AT_ONCE) {
					const part = names.slice(start, start + AT_ONCE);
					await Promise.all(part.map((name) => this.reapGroup(String(name), process)));
				}
				await commands.send('DEL', list, lock);
				await commands.send('ZREM', keys.dead, process);
			} finally {
				this.#reaping.delete(process);
			}
		}
	}

	/** Removes the members of a dead process from a group. */
	async reapGroup(name: string, process: string): Promise<void> {
		const group = this.#init.groupOf(name);
		if (group === undefined) return;
		const { commands } = this.#init;
		const isEmpty = await commands.run(REAP, [group.key], [process, group.subject]);
		if (isEmpty === 1) this.#init.emptied(group);
	}

	#begin(name: string): OwnGroup {
		const group = this.#init.groupOf(name);
		if (group === undefined) throw new Error(`There are no groups like ${name}.`);
		const own: OwnGroup = { group, members: new Map(), listed: undefined };
		this.#own.set(name, own);
		return own;
	}

	/** @returns Whether it has to be told that the group has a member. */
	async #write(own: OwnGroup, id: string, member: Own): Promise<boolean> {
		const { commands, leases } = this.#init;
		const { key, subject } = own.group;
		const isDeparting = member.cancelDeparture === undefined ? 0 : 1;
		const args = [id, leases.process, member.data, subject, isDeparting];
		// A command that Redis has no script for is sent again, and would come after those that follow it.
		const isFirst = (await inTurn(member, () => commands.run(ENTER, [key], args))) === 1;
		const isNews = isFirst && !member.isTold;
		member.isWritten = true;
		member.isTold = true;
		this.#settle(own);
		return isNews;
	}

	async #remove(own: OwnGroup, id: string, member: Own): Promise<void> {
		const { commands, leases } = this.#init;
		const { group, members } = own;
		const args = [id, leases.process, group.subject];
		const isLast = await inTurn(member, () => commands.run(DEPART, [group.key], args));
		// It may have entered again meanwhile.
		if (members.get(id) === member) members.delete(id);
		this.#settle(own);
		if (members.size === 0 && this.#own.get(group.name) === own) {
			this.#own.delete(group.name);
			this.#do(this.#unlist(own));
		}
		if (isLast === 1) this.#init.emptied(group);
	}

	/** Everything of a group has to be written again. */
	#spoil(own: OwnGroup, wasReaped: boolean): void {
		for (const member of own.members.values()) {
			member.isWritten = false;
			if (wasReaped) member.isTold = false;
		}
		this.#unwritten.add(own);
	}

	/** Forgets a group among those that have to be written, once nothing is left to write. */
	#settle(own: OwnGroup): void {
		for (const { isWritten, isDeparted } of own.members.values()) {
			if (!isWritten || isDeparted) return;
		}
		this.#unwritten.delete(own);
	}

	async #writeGroup(own: OwnGroup): Promise<void> {
		await this.#list(own);
		const writes = [...own.members].map(async ([id, member]) => {
			if (member.asked > 0) return;
			if (member.isDeparted) await this.#remove(own, id, member);
			else if (!member.isWritten && (await this.#write(own, id, member))) {
				this.#init.filled(own.group);
			}
		});
		await Promise.all(writes);
		this.#settle(own);
	}

	/** Puts a group into the list of this process, before it has a member of it. */
	async #list(own: OwnGroup): Promise<void> {
		const { commands, keys, leases } = this.#init;
		own.listed ??= commands
			.send('SADD', keys.groupsOf(leases.process), own.group.name)
			.catch((error: unknown) => {
				own.listed = undefined;
				throw error;
			});
		await own.listed;
	}

	async #unlist({ group }: OwnGroup): Promise<void> {
		const { commands, keys, leases } = this.#init;
		await commands.send('SREM', keys.groupsOf(leases.process), group.name);
	}

	/** What an outage prevents is done afterwards. */
	#do(work: Promise<void>): void {
		work.catch((error: unknown) => {
			if (!isOutage(error)) this.#init.host.report('Realtime presence cannot be written', error);
		});
	}
}
