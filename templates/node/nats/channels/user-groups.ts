import type { OwnMember, Removal } from '../../engine/shared-membership.ts';
import { TURN_LIFETIME } from '../connection/limits.ts';
import type { GroupsInit } from './channel-groups.ts';
import type { GroupKind } from './membership.ts';

/** A connection of a user, and its process. */
type Connection = readonly [id: string, owner: string];

/** The record of a user. */
interface StoredUser {
	readonly connections: readonly Connection[];
	/**
	 * Who made the user come online or go offline last: the name of the coming of a connection after a
	 * plus or a minus, or the name of a dead process. So a change that is repeated, because its answer
	 * was lost, is answered as it was before.
	 */
	readonly turn: string;
}

export interface UserGroupsInit extends GroupsInit {
	/** The first connection of a user came, or the last one went. */
	readonly filled: (userId: string) => void;
	readonly emptied: (userId: string) => void;
	/** The last connection to this process has gone. */
	readonly left: (userId: string) => void;
}

/**
 * The connections of users. Each user is one record with all connections, which a process replaces if
 * it saw the newest one: so one process alone is the first, and one the last.
 */
export class UserGroups implements GroupKind {
	readonly #init: UserGroupsInit;

	constructor(init: UserGroupsInit) {
		this.#init = init;
	}

	filled(userId: string): void {
		this.#init.filled(userId);
	}

	emptied(userId: string): void {
		this.#init.emptied(userId);
	}

	left(userId: string): void {
		this.#init.left(userId);
	}

	async enter(userId: string, member: OwnMember): Promise<boolean> {
		const { process } = this.#init.leases;
		const { name } = member.coming;
		const turn = await this.#change(userId, name, (connections) => {
			const others = connections.filter(([id]) => id !== member.id);
			// One that is about to depart may be at another process by now.
			const isElsewhere =
				member.cancelDeparture !== undefined && others.length < connections.length;
			return isElsewhere ? connections : [...others, [member.id, process]];
		});
		return turn === `+${name}`;
	}

	async depart(userId: string, { id, coming: { name } }: OwnMember): Promise<Removal> {
		const { process } = this.#init.leases;
		const turn = await this.#change(userId, name, (connections) =>
			connections.filter((one) => one[0] !== id || one[1] !== process),
		);
		const wasBoth = turn === `-${name}+`;
		return { isLast: wasBoth || turn === `-${name}`, wasFirst: wasBoth || turn === `+${name}` };
	}

	async reap(userId: string, process: string): Promise<boolean> {
		const turn = await this.#change(userId, process, (connections) =>
			connections.filter(([, owner]) => owner !== process),
		);
		return turn === `-${process}`;
	}

	/** Whether a user has a connection. */
	async isOnline(userId: string): Promise<boolean> {
		return (await this.#read(userId)).connections.length > 0;
	}

	/**
	 * @param name The name of a coming, or of a dead process.
	 * @returns The turn of the user now.
	 */
	async #change(
		userId: string,
		name: string,
		next: (connections: readonly Connection[]) => readonly Connection[],
	): Promise<string> {
		const { store, names } = this.#init;
		for (;;) {
			const known = await this.#read(userId);
			const connections = next(known.connections);
			const [before, after] = [known.connections.length, connections.length];
			const isChanged = connections.some((one, index) => !isSame(one, known.connections[index]));
			if (before === after && !isChanged) return known.turn;
			let { turn } = known;
			if (before === 0) turn = `+${name}`;
			else if (after === 0) turn = turn === `+${name}` ? `-${name}+` : `-${name}`;
			const user: StoredUser = { connections, turn };
			const sequence = await store.put({
				subject: names.user(userId),
				data: JSON.stringify(user),
				after: known.sequence,
				lifetime: after === 0 ? TURN_LIFETIME : undefined,
			});
			if (sequence !== undefined) return turn;
		}
	}

	async #read(userId: string): Promise<StoredUser & { readonly sequence: number }> {
		const { store, names } = this.#init;
		const found = await store.last(names.user(userId));
		if (found === undefined) return { connections: [], turn: '', sequence: 0 };
		const user: StoredUser = JSON.parse(found.data.toString());
		return { ...user, sequence: found.sequence };
	}
}

function isSame(one: Connection, other: Connection | undefined): boolean {
	return one[0] === other?.[0] && one[1] === other[1];
}
