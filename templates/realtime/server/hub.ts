import type { ChannelKey } from '../channel/key.ts';
import { pageAfter } from '../channel/log/continuity.ts';
import { Channel } from '../channel/members/channel.ts';
import type { Member, MemberInit, MemberRecord } from '../channel/members/member.ts';
import { presentMembers } from '../channel/members/present.ts';
import type { Host, Log, Ports, Roster, Session } from '../channel/ports.ts';
import type {
	ChannelPort,
	Directory,
	PublishedMessage,
	UserPort,
} from '../define/api/directory.ts';
import type { User } from '../define/handling/user.ts';
import type { Site } from '../define/site.ts';
import type { LocalEngine } from '../user/engine.ts';
import { Users } from '../user/users.ts';
import { type Admission, NOT_JOINABLE, nobody } from './admission.ts';
import { Counts } from './counts.ts';
import type { RealtimeStats } from './stats.ts';
import { resolveTarget, type Target } from './targets.ts';

/** A connection, as the hub keeps it. */
export interface HubConnection {
	/** Another connection continues the session. */
	takenOver(): void;
}

interface OpenChannel {
	readonly file: string;
	readonly channel: Channel;
}

/** A join that the site is asked about. */
interface Ask {
	readonly userId: string | undefined;
	isRevoked: boolean;
}

/** The channels, users and sessions of a site in this process. */
export class Hub implements Directory {
	readonly width: number = Number.POSITIVE_INFINITY;
	readonly host: Host;
	readonly roster: Roster;
	readonly users: Users;
	readonly counts: Counts = new Counts();
	readonly #engine: LocalEngine;
	readonly #log: Log;
	readonly #ports: Ports;
	readonly #channels = new Map<ChannelKey, OpenChannel>();
	/** Connections by the secrets of their sessions. */
	readonly sessions: Map<string, HubConnection> = new Map();
	readonly #connections = new Set<HubConnection>();
	readonly #asked = new Map<ChannelKey, Set<Ask>>();
	#channelNumber = 0;
	#site: Site | undefined;

	constructor(host: Host, engine: LocalEngine) {
		this.host = host;
		this.#engine = engine;
		this.#log = engine.log;
		this.roster = engine.roster;
		this.roster.watchRevocations((key, userId) => this.#revoked(key, userId));
		this.#ports = {
			log: this.#log,
			roster: this.roster,
			host,
			feed: engine.feed,
			meter: this.counts,
		};
		this.users = new Users({
			host,
			hooks: () => this.#site ?? {},
			engine: (watcher) => engine.users(watcher),
		});
	}

	/** The version of the site's files. */
	get version(): string {
		return this.#site?.version ?? '';
	}

	/** Undefined until the files were read without errors for the first time. */
	get site(): Site | undefined {
		return this.#site;
	}

	/** Takes the site's files, also again after an edit. Members stay where their file does. */
	use(site: Site): void {
		this.#site = site;
		for (const { file, channel } of [...this.#channels.values()]) {
			if (!site.definitions.has(file)) channel.expel(NOT_JOINABLE);
		}
	}

	/**
	 * Asks the site whether a user may join. Resolves with undefined if not, and takes as many turns
	 * for a channel that does not exist.
	 *
	 * @throws RealtimeError if the site cannot tell.
	 * @param known The site's answer, if it was asked already.
	 */
	async authorize(
		found: Target | undefined,
		user: User | undefined,
		known?: { readonly history: boolean },
	): Promise<Admission | undefined> {
		if (found === undefined) return await nobody();
		const { definition, key, params } = found;
		const ask: Ask = { userId: user?.id, isRevoked: false };
		const asks = this.#asked.get(key) ?? new Set();
		this.#asked.set(key, asks.add(ask));
		const cancel = (): void => {
			asks.delete(ask);
			if (asks.size === 0 && this.#asked.get(key) === asks) this.#asked.delete(key);
		};
		let allowed = known;
		try {
			allowed ??= await definition.authorize({ user, params });
		} finally {
			if (allowed === undefined) cancel();
		}
		if (allowed === undefined) return undefined;
		return {
			target: found,
			history: allowed.history,
			cancel,
			join: (init) => {
				cancel();
				if (ask.isRevoked || this.#site?.definitions.has(definition.file) !== true)
					return undefined;
				this.counts.joins.allowed++;
				// The definition makes the data.
				return this.#open(found).ask({ ...init, params, data: undefined });
			},
		};
	}

	/** A connection has begun, or continues the session of another one. */
	takeSession(session: Session, connection: HubConnection): void {
		this.sessions.get(session.secret)?.takenOver();
		this.sessions.set(session.secret, connection);
		this.#connections.add(connection);
	}

	/** A connection of a process that slept goes on. */
	restoreSession(session: Session, connection: HubConnection): void {
		this.sessions.set(session.secret, connection);
		this.#connections.add(connection);
	}

	/** A member of a process that slept. {@link resume} follows. */
	restore(
		found: Target,
		init: Pick<MemberInit, 'link' | 'ref' | 'user'>,
		record: MemberRecord,
	): Member {
		const { params } = found;
		const channel = this.#open(found, record.channel);
		return channel.restore({ ...init, params, data: record.data }, record);
	}

	/**
	 * Goes on with the restored members of all channels.
	 *
	 * @throws the error of the engine.
	 */
	async resume(): Promise<void> {
		const channels = [...this.#channels.values()];
		await Promise.all(channels.map(({ channel }) => channel.resume()));
	}

	disconnected(
		connection: HubConnection & Parameters<Users['remove']>[1],
		end: {
			readonly session: Session | undefined;
			readonly isTakenOver: boolean;
			readonly user: User | undefined;
			readonly wasClean: boolean;
		},
	): void {
		this.#connections.delete(connection);
		const { session, user } = end;
		if (session === undefined) return;
		if (user !== undefined) this.users.remove(user.id, connection, end.wasClean);
		if (end.isTakenOver) return;
		if (this.sessions.get(session.secret) === connection) this.sessions.delete(session.secret);
		this.host.waitUntil(this.roster.suspendSession(session.secret));
	}

	channel(file: string, params: Readonly<Record<string, string>>): ChannelPort {
		const found = resolveTarget(this.#site, file, params);
		const { key, definition } = found;
		return {
			publish: (message) => this.#publish(found, message),
			snapshot: ({ name, data, upTo }) =>
				this.#log.snapshot(key, { name, data, at: this.host.now() }, upTo),
			history: async (range) => {
				const { snapshot, entries, head } =
					'since' in range
						? await pageAfter(this.#log, key, range.since, definition.retention, range.limit)
						: await this.#log.last(key, range.last, range.last);
				return { snapshot, entries, position: entries.at(-1)?.position ?? head };
			},
			members: async () => {
				const present = await this.roster.present(key);
				return [...presentMembers(present, definition.presence?.of ?? 'user').values()];
			},
			disconnect: async (userId) => {
				// Here it holds also while the engine cannot be reached.
				this.#revoked(key, userId);
				await this.roster.revoke(key, userId);
			},
		};
	}

	user(userId: string): UserPort {
		return {
			send: (data) => this.users.send(userId, data),
			isOnline: () => this.users.isOnline(userId),
		};
	}

	stats(): RealtimeStats {
		let members = 0;
		for (const { channel } of this.#channels.values()) members += channel.size;
		return {
			engine: { ...this.#engine.status },
			connections: this.#connections.size,
			users: this.users.size,
			channels: this.#channels.size,
			members,
			...structuredClone(this.counts),
		};
	}

	/** Ends the joins of a user in this process, also those that the site is asked about. */
	#revoked(key: ChannelKey, userId: string): void {
		for (const ask of this.#asked.get(key) ?? []) {
			if (ask.userId === userId) ask.isRevoked = true;
		}
		this.#channels.get(key)?.channel.revoke(userId);
	}

	#publish({ key, definition }: Target, message: PublishedMessage): Promise<string | undefined> {
		this.counts.messages.published++;
		const { name, data, from, id, except } = message;
		if (message.isEphemeral) {
			return this.#log.cast(key, { name, data, from, except }).then(() => undefined);
		}
		const entry = { name, data, at: this.host.now(), from, id };
		return this.#log.append(key, entry, definition.retention);
	}

	/** @param number Its number in frames, for a channel that is restored. */
	#open({ definition, key }: Target, number = this.#channelNumber + 1): Channel {
		const known = this.#channels.get(key);
		if (known !== undefined) return known.channel;
		const { file } = definition;
		this.#channelNumber = Math.max(this.#channelNumber, number);
		let rules = definition;
		const channel = new Channel({
			key,
			number,
			rules: () => {
				rules = this.#site?.definitions.get(file) ?? rules;
				return rules;
			},
			ports: this.#ports,
			onIdle: () => this.#channels.delete(key),
		});
		this.#channels.set(key, { file, channel });
		return channel;
	}
}
