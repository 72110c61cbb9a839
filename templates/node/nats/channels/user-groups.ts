import { TRACE_LIFETIME } from '../connection/limits.ts';
import type { GroupsInit } from './channel-groups.ts';
import type { GroupKind, Own } from './membership.ts';

/** A connection of a user, and its process. */
type Connection = readonly [id: string, owner: string];

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

	async enter(userId: string, member: Own): Promise<boolean> {
		const { process } = this.#init.leases;
		const change = await this.#change(userId, (connections) => {
			const others = connections.filter(([id]) => id !== member.id);
			// One that is about to depart may be at another process by now.
			const isElsewhere =
				member.cancelDeparture !== undefined && others.length < connections.length;
			return isElsewhere ? connections : [...others, [member.id, process]];
		});
		member.sequence = change.sequence;
		return change.before === 0;
	}

	async depart(userId: string, member: Own): Promise<boolean> {
		const { process } = this.#init.leases;
		const { before, after } = await this.#change(userId, (connections) =>
			connections.filter(([id, owner]) => id !== member.id || owner !== process),
		);
		return before > 0 && after === 0;
	}

	async reap(userId: string, process: string): Promise<boolean> {
		const { before, after } = await this.#change(userId, (connections) =>
			connections.filter(([, owner]) => owner !== process),
		);
		return before > 0 && after === 0;
	}

	/** Whether a user has a connection. */
	async isOnline(userId: string): Promise<boolean> {
		return (await this.#read(userId)).connections.length > 0;
	}

	async #change(
		userId: string,
		next: (connections: readonly Connection[]) => readonly Connection[],
	): Promise<{ readonly before: number; readonly after: number; readonly sequence: number }> {
		const { store, names } = this.#init;
		for (;;) {
			const { connections, sequence } = await this.#read(userId);
			const changed = next(connections);
			const [before, after] = [connections.length, changed.length];
			if (before === after && changed.every((one, index) => isSame(one, connections[index]))) {
				return { before, after, sequence };
			}
			const written = await store.put({
				subject: names.user(userId),
				data: JSON.stringify(changed),
				after: sequence,
				lifetime: after === 0 ? TRACE_LIFETIME : undefined,
			});
			if (written !== undefined) return { before, after, sequence: written };
		}
	}

	async #read(userId: string): Promise<{ connections: readonly Connection[]; sequence: number }> {
		const { store, names } = this.#init;
		const found = await store.last(names.user(userId));
		if (found === undefined) return { connections: [], sequence: 0 };
		return { connections: JSON.parse(found.data.toString()), sequence: found.sequence };
	}
}

function isSame(one: Connection, other: Connection | undefined): boolean {
	return one[0] === other?.[0] && one[1] === other[1];
}
