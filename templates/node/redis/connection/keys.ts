import { createHash } from 'node:crypto';
import type { ChannelKey } from '../../../realtime/channel/key.ts';

/** The keys of a channel, and the subject of its messages. */
export interface ChannelNames {
	readonly subject: string;
	readonly head: string;
	readonly log: string;
	readonly snapshot: string;
	/** The root of many channels. */
	readonly root: string;
	/** The beginning of the keys of publishers' ids. */
	readonly ids: string;
	/** The group of its members. */
	readonly present: string;
}

/** The keys of a session, and its name in the sessions of its user. */
export interface SessionNames {
	readonly session: string;
	/** Undefined for an anonymous visitor. */
	readonly ofUser: string | undefined;
	readonly name: string;
	/** The beginning of the keys of all sessions of the user. */
	readonly prefix: string;
}

/** Names of channels that are remembered. Making them costs as much as a small message. */
const REMEMBERED = 2_000;

/**
 * The names of everything that a site keeps in Redis. A Cluster keeps keys with the same text in
 * braces together. There are 256 such texts, so that many channels can share a root.
 */
export class Keys {
	/** The mark of the site. */
	readonly mark: string;
	readonly living: string;
	readonly dead: string;
	readonly revocations: string;
	readonly #prefix: string;
	#database = 0;
	#channels = new Map<ChannelKey, ChannelNames>();

	/** @param prefix Without braces. */
	constructor(prefix: string) {
		this.#prefix = prefix;
		const own = `{${prefix}:site}:`;
		this.mark = `${own}mark`;
		this.living = `${own}living`;
		this.dead = `${own}dead`;
		this.revocations = `${own}revocations`;
	}

	/** The number of the database. All databases of a server share its subjects. */
	set database(database: number) {
		this.#database = database;
		this.#channels.clear();
	}

	/** The subject of messages to all processes. */
	get site(): string {
		return `${this.#subjects}site`;
	}

	/** The beginning of the subjects of processes. */
	get processes(): string {
		return `${this.#subjects}p:`;
	}

	get #subjects(): string {
		return `${this.#prefix}@${this.#database}:`;
	}

	channel(channel: ChannelKey): ChannelNames {
		const known = this.#channels.get(channel);
		if (known !== undefined) return known;
		const [bucket, hash] = this.#place(channel);
		const own = `${bucket}c:${hash}:`;
		const names = {
			subject: `${this.#subjects}c:${hash}`,
			head: `${own}head`,
			log: `${own}log`,
			snapshot: `${own}snapshot`,
			root: `${bucket}root`,
			ids: `${own}id:`,
			present: `${own}present`,
		};
		if (this.#channels.size >= REMEMBERED) this.#channels.clear();
		this.#channels.set(channel, names);
		return names;
	}

	/** The key of a publisher's id, which may be long. */
	id(names: ChannelNames, id: string): string {
		return names.ids + hashOf(id);
	}

	/** The group of a user's connections. */
	user(userId: string): string {
		const [bucket, hash] = this.#place(userId);
		return `${bucket}u:${hash}`;
	}

	/** Which connection made a user come online or go offline last. */
	turn(userId: string): string {
		const [bucket, hash] = this.#place(userId);
		return `${bucket}t:${hash}`;
	}

	/** A session is found with its secret and its user together. */
	session(secret: string, userId: string | undefined): SessionNames {
		if (userId === undefined) {
			const [bucket, name] = this.#place(secret);
			return { session: `${bucket}v:${name}`, ofUser: undefined, name, prefix: `${bucket}v:` };
		}
		const [bucket, user] = this.#place(userId);
		const name = hashOf(secret);
		const prefix = `${bucket}s:${user}:`;
		return { session: prefix + name, ofUser: `${bucket}ss:${user}`, name, prefix };
	}

	/** The groups in which a process has members. */
	groupsOf(process: string): string {
		return `${this.#place(process)[0]}groups:${process}`;
	}

	/** Held by the process that clears up after a dead one. */
	reaping(process: string): string {
		return `${this.#place(process)[0]}reaping:${process}`;
	}

	#place(text: string): [bucket: string, hash: string] {
		const digest = createHash('sha256').update(text).digest();
		return [`{${this.#prefix}:${digest[31]}}:`, digest.toString('base64url', 0, 16)];
	}
}

/** 128 bits of a hash. Secrets are kept as hashes alone. */
function hashOf(text: string): string {
	return createHash('sha256').update(text).digest().toString('base64url', 0, 16);
}
