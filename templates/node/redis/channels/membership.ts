import type { Host } from '../../../realtime/channel/ports.ts';
import { REAPING } from '../../engine/limits.ts';
import { type OwnMember, type Removal, SharedMembership } from '../../engine/shared-membership.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys } from '../connection/keys.ts';
import { IS_LAST, TURN_LIFETIME, WAS_FIRST } from '../scripts/limits.ts';
import { DEPART, ENTER, REAP } from '../scripts/membership.ts';
import type { Leases } from '../sessions/leases.ts';

/** Groups of a dead process that are cleared at once. */
const AT_ONCE = 500;

/** A group of members that belong to processes: those of a channel, or the connections of a user. */
export interface Group {
	/** The name in the list of groups of a process. */
	readonly name: string;
	readonly key: string;
	/** The key of what made it begin or end. Undefined if nobody is told of that. */
	readonly turn?: string | undefined;
	/** The subject that hears of changes, empty if nobody does. */
	readonly subject: string;
}

export interface MembershipInit {
	readonly commands: Pick<Commands, 'run' | 'send'>;
	readonly leases: Leases;
	readonly keys: Keys;
	readonly host: Pick<Host, 'alarm' | 'report'>;
	/** Finds a group by its name. */
	readonly groupOf: (name: string) => Group | undefined;
	/** The first member of a group came. Told to one process. */
	readonly filled: (group: Group) => void;
	/** The last member of a group has gone. Told to one process. */
	readonly emptied: (group: Group) => void;
}

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
					await commands.send('SREM', list, ...part);
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
		const args = [process, group.subject, TURN_LIFETIME];
		const isEmpty = await this.#init.commands.run(REAP, keysOf(group), args);
		if (isEmpty === 1) this.#init.emptied(group);
	}

	protected async list(name: string): Promise<unknown> {
		const { commands, keys, leases } = this.#init;
		return await commands.send('SADD', keys.groupsOf(leases.process), name);
	}

	protected async unlist(name: string): Promise<unknown> {
		const { commands, keys, leases } = this.#init;
		return await commands.send('SREM', keys.groupsOf(leases.process), name);
	}

	protected async write(name: string, member: OwnMember): Promise<boolean> {
		const { commands, leases } = this.#init;
		const { id, data, coming, cancelDeparture } = member;
		const group = this.#groupOf(name);
		const isDeparting = cancelDeparture === undefined ? 0 : 1;
		const args = [id, leases.process, data, group.subject, isDeparting, coming.name];
		return (await commands.run(ENTER, keysOf(group), args)) === 1;
	}

	protected async remove(name: string, { id, coming }: OwnMember): Promise<Removal> {
		const { commands, leases } = this.#init;
		const group = this.#groupOf(name);
		const args = [id, leases.process, group.subject, coming.name, TURN_LIFETIME];
		const news = Number(await commands.run(DEPART, keysOf(group), args));
		return { isLast: (news & IS_LAST) > 0, wasFirst: (news & WAS_FIRST) > 0 };
	}

	protected filled(name: string): void {
		this.#init.filled(this.#groupOf(name));
	}

	protected emptied(name: string): void {
		this.#init.emptied(this.#groupOf(name));
	}

	#groupOf(name: string): Group {
		const group = this.#init.groupOf(name);
		if (group === undefined) throw new Error(`There are no groups like ${name}.`);
		return group;
	}
}

function keysOf({ key, turn }: Group): readonly string[] {
	return turn === undefined ? [key] : [key, turn];
}
