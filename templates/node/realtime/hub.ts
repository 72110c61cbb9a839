import { Channel } from '../../realtime/channel/channel.ts';
import { type ChannelKey, channelKey, MAX_VALUE_LENGTH } from '../../realtime/channel/key.ts';
import type { Host, Ports, Session } from '../../realtime/channel/ports.ts';
import { presentMembers } from '../../realtime/channel/present-members.ts';
import type { ChannelDefinition } from '../../realtime/define/definition.ts';
import type {
	ChannelPort,
	Directory,
	PublishedMessage,
	UserPort,
} from '../../realtime/define/directory.ts';
import type { Site } from '../../realtime/define/site.ts';
import type { User } from '../../realtime/define/user.ts';
import { MemoryLog } from '../../realtime/memory/memory-log.ts';
import { MemoryRoster } from '../../realtime/memory/memory-roster.ts';
import { MemoryUsers } from '../../realtime/memory/memory-users.ts';
import { RealtimeError } from '../../realtime/protocol/errors.ts';
import { Users } from '../../realtime/user/users.ts';
import { type RealtimeStats, realtimeSources } from '../registry/realtime-stats.ts';
import { type Admission, NOT_JOINABLE, type Target } from './admission.ts';
import { Counts } from './counts.ts';

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
	readonly host: Host;
	readonly roster: MemoryRoster;
	readonly users: Users;
	readonly counts: Counts = new Counts();
	readonly #log: MemoryLog;
	readonly #ports: Ports;
	readonly #channels = new Map<ChannelKey, OpenChannel>();
	/** By the secret of the session. */
	readonly #sessions = new Map<string, HubConnection>();
	readonly #connections = new Set<HubConnection>();
	readonly #asked = new Map<ChannelKey, Set<Ask>>();
	#channelNumber = 0;
	#site: Site | undefined;

	constructor(host: Host) {
		this.host = host;
		this.#log = new MemoryLog(host);
		this.roster = new MemoryRoster(host);
		this.#ports = { log: this.#log, roster: this.roster, host, meter: this.counts };
		this.users = new Users({
			host,
			hooks: () => this.#site ?? {},
			engine: (watcher) => new MemoryUsers(host, watcher),
		});
		realtimeSources().add(() => this.stats());
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

	/** The channel that a client names, undefined if there is none. */
	find(name: string, params: ReadonlyMap<string, string>): Target | undefined {
		const definition = this.#site?.find(name, params.keys());
		const found = definition && target(definition, (param) => params.get(param));
		if (found === undefined) {
			const given = JSON.stringify(Object.fromEntries(params));
			this.#logUnknown(`${JSON.stringify(name)} with the parameters ${given}`);
		}
		return found;
	}

	/** The channel at the path of a plain client, undefined if there is none. */
	findByPath(segments: readonly string[]): Target | undefined {
		const match = this.#site?.match(segments);
		const found = match && target(match.definition, (param) => match.params[param]);
		if (found === undefined) this.#logUnknown(`at the path ${JSON.stringify(segments.join('/'))}`);
		return found;
	}

	/**
	 * Asks the site whether a user may join. Resolves with undefined if not, and takes as many turns
	 * for a channel that does not exist.
	 */
	async authorize(
		found: Target | undefined,
		user: User | undefined,
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
		const allowed = await definition.authorize({ user, params });
		if (allowed === undefined) {
			cancel();
			return undefined;
		}
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
		this.#sessions.get(session.secret)?.takenOver();
		this.#sessions.set(session.secret, connection);
		this.#connections.add(connection);
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
		if (this.#sessions.get(session.secret) === connection) this.#sessions.delete(session.secret);
		this.host.waitUntil(this.roster.suspendSession(session.secret));
	}

	channel(file: string, params: Readonly<Record<string, string>>): ChannelPort {
		const found = this.#resolve(file, params);
		const { key, definition } = found;
		return {
			publish: (message) => this.#publish(found, message),
			history: async (range) => {
				if ('since' in range) {
					const { entries, head } = await this.#log.after(key, range.since, range.limit);
					return { entries, position: entries.at(-1)?.position ?? head };
				}
				const { entries, head } = await this.#log.last(key, range.last);
				return { entries, position: head };
			},
			members: async () => {
				const present = await this.roster.present(key);
				return [...presentMembers(present, definition.presence?.of ?? 'user').values()];
			},
			disconnect: async (userId) => {
				for (const ask of this.#asked.get(key) ?? []) {
					if (ask.userId === userId) ask.isRevoked = true;
				}
				// A channel that opens does not listen to its roster yet.
				this.#channels.get(key)?.channel.revoked(userId);
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
		const { messages, joins, sessions, resumes, gaps } = this.counts;
		let members = 0;
		for (const { channel } of this.#channels.values()) members += channel.size;
		return {
			connections: this.#connections.size,
			users: this.users.size,
			channels: this.#channels.size,
			members,
			messages: { ...messages },
			joins: { ...joins },
			sessions: { ...sessions },
			resumes: { ...resumes },
			gaps: { ...gaps },
		};
	}

	async #publish(
		{ key, definition }: Target,
		message: PublishedMessage,
	): Promise<string | undefined> {
		this.counts.messages.published++;
		const { name, data, from, id, except } = message;
		if (message.isEphemeral) {
			await this.#log.cast(key, { name, data, from, except });
			return undefined;
		}
		const entry = { name, data, at: this.host.now(), from, id };
		return await this.#log.append(key, entry, definition.retention);
	}

	/** In `astro dev`. The client is not told why its join is refused. */
	#logUnknown(channel: string): void {
		const runtime = this.#site?.runtime;
		if (runtime?.isDevelopment) {
			runtime.log(`A join is refused: \`src/realtime\` has no channel ${channel}.`);
		}
	}

	/** @throws RealtimeError for a file or a value that does not exist. */
	#resolve(file: string, params: Readonly<Record<string, string>>): Target {
		const definition = this.#site?.definitions.get(file);
		if (definition === undefined) {
			throw new RealtimeError({
				code: 'NOT_FOUND',
				message: `There is no channel file \`src/realtime/${file}\`.`,
			});
		}
		const found = target(definition, (param) =>
			Object.hasOwn(params, param) ? params[param] : undefined,
		);
		if (found !== undefined) return found;
		throw new RealtimeError({
			code: 'BAD_REQUEST',
			message: `The parameters of \`${file}\` must be texts of 1 to ${MAX_VALUE_LENGTH} characters.`,
		});
	}

	#open({ definition, key }: Target): Channel {
		const known = this.#channels.get(key);
		if (known !== undefined) return known.channel;
		const { file } = definition;
		let rules = definition;
		const channel = new Channel({
			key,
			number: ++this.#channelNumber,
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

async function nobody(): Promise<undefined> {}

function target(
	definition: ChannelDefinition,
	find: (param: string) => string | undefined,
): Target | undefined {
	const entries = definition.params.map((param) => [param, find(param) ?? ''] as const);
	const key = channelKey(
		definition.file,
		entries.map(([, value]) => value),
	);
	return key === undefined ? undefined : { definition, key, params: Object.fromEntries(entries) };
}
