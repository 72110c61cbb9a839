import { createHash } from 'node:crypto';
import type { ChannelKey } from '../../../realtime/channel/key.ts';

/** The subjects of a channel. */
export interface ChannelNames {
	/** Its records in the stream of logs. */
	readonly records: string;
	readonly snapshot: string;
	/** Where the server publishes its records. */
	readonly told: string;
	/** The beginning of the subjects of publishers' ids. */
	readonly ids: string;
	readonly casts: string;
	/** The beginning of the subjects of its members. */
	readonly members: string;
	/** Where the server publishes changes of its members. */
	readonly toldMembers: string;
}

/** The subject of a session, and the beginnings of others. */
export interface SessionNames {
	readonly session: string;
	/** All sessions of the user. Undefined for an anonymous visitor. */
	readonly ofUser: string | undefined;
	/** The beginning of the subjects of its claims. */
	readonly claims: string;
}

/** Names of channels that are remembered. Making them costs as much as a small message. */
const REMEMBERED = 2_000;

/**
 * The names of everything that a site has in NATS. Two streams: the one of logs keeps many messages
 * for each subject, the one of state the newest. What the server publishes of them has other
 * subjects: a message to a stream's own subject may be one that the stream refuses.
 */
export class Names {
	readonly logStream: string;
	readonly stateStream: string;
	/** The beginning of all subjects. */
	readonly base: string;
	/** The records of all channels. */
	readonly allRecords: string;
	/** The epoch of channels without messages. */
	readonly root: string;
	readonly leases: string;
	readonly toldLeases: string;
	readonly revocations: string;
	readonly toldRevocations: string;
	/** The beginning of the subjects of processes. */
	readonly processes: string;
	#channels = new Map<ChannelKey, ChannelNames>();

	constructor(prefix: string) {
		const own = prefix.replaceAll(/[^\w-]/g, (letter) => `=${letter.charCodeAt(0).toString(16)}`);
		this.logStream = `realtime_${own}_log`;
		this.stateStream = `realtime_${own}_state`;
		this.base = `realtime.${own}.`;
		this.allRecords = `${this.base}log.c.*`;
		this.root = `${this.base}log.root`;
		this.leases = `${this.base}state.t.p.`;
		this.toldLeases = `${this.base}told.t.p.*`;
		this.revocations = `${this.base}state.t.r.`;
		this.toldRevocations = `${this.base}told.t.r.*`;
		this.processes = `${this.base}own.`;
	}

	channel(channel: ChannelKey): ChannelNames {
		const known = this.#channels.get(channel);
		if (known !== undefined) return known;
		const hash = hashOf(channel);
		const names = {
			records: `${this.base}log.c.${hash}`,
			snapshot: `${this.base}log.s.${hash}`,
			told: `${this.base}told.c.${hash}`,
			ids: `${this.base}log.i.${hash}.`,
			casts: `${this.base}cast.${hash}`,
			members: `${this.base}state.t.m.${hash}.`,
			toldMembers: `${this.base}told.t.m.${hash}.*`,
		};
		if (this.#channels.size >= REMEMBERED) this.#channels.clear();
		this.#channels.set(channel, names);
		return names;
	}

	/** The subject of a publisher's id, which may be long. */
	id({ ids }: ChannelNames, id: string): string {
		return ids + hashOf(id);
	}

	member({ members }: ChannelNames, id: string): string {
		return members + hashOf(id);
	}

	/** The connections of a user. */
	user(userId: string): string {
		return `${this.base}state.k.u.${hashOf(userId)}`;
	}

	/** Messages to a user. */
	inbox(userId: string): string {
		return `${this.base}user.${hashOf(userId)}`;
	}

	/** A session is found with its secret and its user together. */
	session(secret: string, userId: string | undefined): SessionNames {
		const name = hashOf(secret);
		const group =
			userId === undefined ? `${this.base}state.k.v.` : `${this.base}state.k.s.${hashOf(userId)}.`;
		return {
			session: group + name,
			ofUser: userId === undefined ? undefined : `${group}*`,
			claims: `${this.base}state.k.c.${hashOf(group + name)}.`,
		};
	}

	/** The groups in which a process has members. */
	groupsOf(process: string): string {
		return `${this.base}state.k.g.${process}.*`;
	}

	groupOf(process: string, group: string): string {
		return `${this.base}state.k.g.${process}.${hashOf(group)}`;
	}
}

/** 128 bits of a hash. Secrets are kept as hashes alone. */
function hashOf(text: string): string {
	return createHash('sha256').update(text).digest().toString('base64url', 0, 16);
}
