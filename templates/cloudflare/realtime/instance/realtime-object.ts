import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type { Session } from '../../../realtime/channel/ports.ts';
import { EPOCH_LENGTH } from '../../../realtime/channel/position.ts';
import type { TokenBucket } from '../../../realtime/channel/token-bucket.ts';
import type {
	ChannelPort,
	Directory,
	NewSnapshot,
	PublishedMessage,
} from '../../../realtime/define/api/directory.ts';
import type { ContextStore, Runtime } from '../../../realtime/define/api/runtime.ts';
import type { DefinitionParts } from '../../../realtime/define/read-definition.ts';
import type { SiteModules } from '../../../realtime/define/reading/site-file.ts';
import { readSiteWith, type Site } from '../../../realtime/define/site.ts';
import { RealtimeError } from '../../../realtime/protocol/errors.ts';
import type { Data, PresentMember } from '../../../realtime/protocol/server-frames.ts';
import { NOT_JOINABLE } from '../../../realtime/server/admission.ts';
import { Hub } from '../../../realtime/server/hub.ts';
import { Mux } from '../../../realtime/server/mux.ts';
import { DISCONNECTED, PlainConnection } from '../../../realtime/server/plain-connection.ts';
import type { RealtimeStats } from '../../../realtime/server/stats.ts';
import { resolveTarget, type Target, targetOf } from '../../../realtime/server/targets.ts';
import type { UserEngine, UserWatcher } from '../../../realtime/user/user-engine.ts';
import { ABNORMAL_CLOSURE, POLICY_VIOLATION } from '../../../socket/close-codes.ts';
import { OPEN } from '../../../socket/ready-state.ts';
import { ObjectAlarm } from '../../engine/object-alarm.ts';
import { ObjectEngine } from '../../engine/object-engine.ts';
import { SqlUsers } from '../../engine/sql-users.ts';
import { Tables } from '../../engine/tables.ts';
import type { Current } from '../base/current.ts';
import type { Handover } from '../base/handover.ts';
import { ask, type HistoryRange, type ObjectCalls, type ObjectStub } from '../base/object-calls.ts';
import { channelName, readObjectName, userName } from '../base/object-name.ts';
import type { ObjectContext, ObjectSocket } from '../base/platform.ts';
import { RemoteDirectory } from '../base/remote-directory.ts';
import { log, report } from '../base/report.ts';
import { readAttachment } from './attachment.ts';
import { LifeCheck } from './life-check.ts';
import { ObjectHost } from './object-host.ts';
import { closeQuietly, muxSocket, plainSocket } from './object-socket.ts';
import { RelayUsers } from './relay-users.ts';

/** What an object shares with the other objects of its isolate. */
export interface ObjectSurroundings {
	/** The parts of definitions that the site uses. */
	readonly parts: DefinitionParts;
	readonly modules: SiteModules;
	readonly isDevelopment: boolean;
	/** Milliseconds between two looks at who is present. 0 for none. */
	readonly presenceCheck: number;
	/** The rate of a connection's messages, from now on. */
	rate(now: number): TokenBucket;
	readonly current: ContextStore<Current>;
	/** The object of a name. */
	objectOf(name: string): ObjectStub;
}

/** How long a handshake may take to arrive after the site's answer to it, in milliseconds. */
const LATEST_ARRIVAL = 60_000;

type Connection = Mux | PlainConnection;

/**
 * The instance of an object. After an edit in `astro dev` a new one takes the sockets over, and the
 * timers of the old one must not touch them.
 */
const CURRENT: unique symbol = Symbol.for('zastro.realtime.object');

interface OwnedContext extends ObjectContext {
	[CURRENT]?: object;
}

/**
 * One instance of a channel, or the inbox of one user. Everything here is restored after a sleep:
 * from the SQLite of the object, and from the attachments of its sockets.
 */
export class RealtimeObject implements ObjectCalls {
	readonly #context: ObjectContext;
	readonly #surroundings: ObjectSurroundings;
	/** Undefined in the object of a user. */
	readonly #key: ChannelKey | undefined;
	/** Empty in the object of a channel. */
	readonly #userId: string;
	readonly #host: ObjectHost;
	readonly #alarm: ObjectAlarm;
	readonly #engine: ObjectEngine;
	/** Undefined in the object of a channel. */
	#users: SqlUsers | undefined;
	/** Undefined in the object of a user. */
	#relay: RelayUsers | undefined;
	readonly #remote: RemoteDirectory;
	readonly #hub: Hub;
	readonly #site: Site;
	readonly #connections = new Map<ObjectSocket, Connection>();
	readonly #lifeCheck: LifeCheck;
	/** The channel of the object, once it was used. */
	#own: { readonly target: Target; readonly port: ChannelPort } | undefined;
	/**
	 * Users that the site disconnected a moment ago, with what cancels that they are forgotten.
	 * Handshakes of theirs may be under way.
	 */
	readonly #disconnected = new Map<string, () => void>();

	/** Closes a connection whose client did not do what it must. */
	readonly #cut = (socket: ObjectSocket, code: number, reason: string): void => {
		this.closed(socket, ABNORMAL_CLOSURE);
		closeQuietly(socket, code, reason);
	};

	constructor(context: OwnedContext, surroundings: ObjectSurroundings) {
		this.#context = context;
		this.#surroundings = surroundings;
		const { id, storage } = context;
		context[CURRENT] = this;
		const { key, userId = '' } = readObjectName(id.name);
		this.#key = key;
		this.#userId = userId;
		this.#host = new ObjectHost(
			(work) => context.waitUntil(work),
			() => this.#alarm,
			() => context[CURRENT] === this,
		);
		this.#alarm = new ObjectAlarm(storage, () => this.#host.now(), report);
		this.#remote = new RemoteDirectory(surroundings.objectOf, () => this.#site);
		const tables = new Tables(storage);
		this.#engine = new ObjectEngine({
			tables,
			host: this.#host,
			alarm: this.#alarm,
			key: key ?? '',
			epoch: id.toString().slice(0, EPOCH_LENGTH),
			presenceCheck: surroundings.presenceCheck,
			users: (watcher) => this.#usersOf(tables, watcher),
		});
		this.#hub = new Hub(this.#host, this.#engine);
		this.#site = readSiteWith(surroundings.parts, surroundings.modules, this.#runtime()).site;
		this.#hub.use(this.#site);
		this.#lifeCheck = new LifeCheck({
			host: this.#host,
			context,
			cut: this.#cut,
		});
	}

	/** Goes on after a sleep. Events are held back meanwhile. */
	async restore(): Promise<void> {
		await this.#run(async () => {
			await this.#alarm.load();
			const sessions: Session[] = [];
			for (const socket of this.#context.getWebSockets()) {
				const session = socket.readyState === OPEN ? this.#restore(socket) : undefined;
				if (session !== undefined) sessions.push(session);
			}
			this.#engine.roster.restore(sessions);
			const connected = new Set(sessions.map(({ id }) => id));
			(this.#users ?? this.#relay)?.restore(connected);
			await this.#hub.resume();
		});
	}

	/** Serves a socket that the runtime has accepted. */
	async accept(socket: ObjectSocket, { kind, user, allowed }: Handover): Promise<void> {
		await this.#run(async () => {
			const isDisconnected = user !== undefined && this.#disconnected.has(user.id);
			const known = isDisconnected ? undefined : allowed;
			if (kind === 'protocol') {
				const passage = { key: this.#key, ...(known !== undefined && { allowed: known }) };
				const mux = new Mux(muxSocket(socket), this.#hub, user, passage);
				this.#connections.set(socket, mux);
				mux.changed();
				return;
			}
			const admission = await this.#hub.authorize(this.#target, user, known);
			if (admission === undefined) {
				closeQuietly(socket, DISCONNECTED, NOT_JOINABLE.message);
				return;
			}
			const connection = new PlainConnection(plainSocket(socket), this.#hub, user, admission);
			this.#connections.set(socket, connection);
			this.#host.waitUntil(connection.open());
		});
	}

	message(socket: ObjectSocket, message: string | ArrayBuffer): void {
		this.#lifeCheck.heard(socket);
		const connection = this.#connections.get(socket);
		// More may have been under way when it was closed.
		if (connection === undefined) return;
		const now = this.#host.now();
		socket.rate ??= this.#surroundings.rate(now);
		// What the site does about messages enters by itself.
		if (socket.rate.take(now) === 0) connection.message(message);
		else this.#cut(socket, POLICY_VIOLATION, 'Too many messages');
	}

	closed(socket: ObjectSocket, code: number): void {
		this.#run(() => {
			const connection = this.#connections.get(socket);
			this.#connections.delete(socket);
			this.#lifeCheck.heard(socket);
			connection?.closed(code);
		});
	}

	/** The alarm rang, perhaps too early, perhaps again. */
	rang(): void {
		this.#run(() => {
			this.#alarm.rang(() => {
				this.#engine.sweep();
				this.#users?.sweep();
				const { presence } = this.#engine.roster;
				if (presence.hasMembers) presence.checkSoon();
				else if (this.#users === undefined) return;
				this.#lifeCheck.start(this.#muxes());
			});
		});
	}

	async publish(messages: readonly PublishedMessage[]): Promise<readonly (string | undefined)[]> {
		const port = this.#channel();
		const positions: (string | undefined)[] = [];
		for (const message of messages) positions.push(await port.publish(message));
		return positions;
	}

	async snapshot(snapshot: NewSnapshot): Promise<boolean> {
		return this.#channel().snapshot(snapshot);
	}

	async history(range: HistoryRange): ReturnType<ChannelPort['history']> {
		return this.#channel().history(range);
	}

	async members(): Promise<readonly PresentMember[]> {
		return this.#channel().members();
	}

	async disconnect(userId: string): Promise<void> {
		for (const connection of this.#connections.values()) {
			if (connection instanceof Mux) connection.withdraw(userId);
		}
		// The timer keeps the object awake, so that it does not forget.
		const { timeout = 0 } = this.#target?.definition ?? {};
		this.#disconnected.get(userId)?.();
		this.#disconnected.set(
			userId,
			this.#host.alarm(Math.max(LATEST_ARRIVAL, timeout), () => this.#disconnected.delete(userId)),
		);
		await this.#run(() => this.#channel().disconnect(userId));
	}

	async stats(): Promise<RealtimeStats> {
		return this.#hub.stats();
	}

	async send(data: Data): Promise<void> {
		await this.#run(() => this.#users?.send(this.#userId, data));
	}

	async isOnline(): Promise<boolean> {
		return (await this.#users?.isOnline()) ?? false;
	}

	async has(userId: string, connectionId: string): Promise<boolean> {
		return this.#hub.users.has(userId, connectionId);
	}

	async enter(connectionId: string, channel: ChannelKey): Promise<void> {
		await this.#run(() => this.#users?.enter(this.#userId, connectionId, channel));
	}

	async depart(connectionId: string, delay: number): Promise<void> {
		await this.#users?.depart(this.#userId, connectionId, delay);
	}

	async deliver(userId: string, data: Data): Promise<void> {
		this.#hub.users.message(userId, data);
	}

	#usersOf(tables: Tables, watcher: UserWatcher): UserEngine {
		const { objectOf } = this.#surroundings;
		const key = this.#key;
		const userId = this.#userId;
		const host = this.#host;
		if (key !== undefined) {
			const object = (id: string): ObjectStub => objectOf(userName(id));
			this.#relay = new RelayUsers(object, key, tables, host);
			return this.#relay;
		}
		const channel = (key: ChannelKey): ObjectStub => objectOf(channelName(key));
		this.#users = new SqlUsers({
			tables,
			host,
			alarm: this.#alarm,
			userId,
			watcher,
			deliver: (key, data) => ask(channel(key), 'deliver', userId, data),
			has: (key, id) => ask(channel(key), 'has', userId, id),
		});
		return this.#users;
	}

	/** Undefined if the channel's file is gone. */
	get #target(): Target | undefined {
		return this.#ownChannel()?.target;
	}

	/** @throws RealtimeError if the channel's file is gone. */
	#channel(): ChannelPort {
		const own = this.#ownChannel();
		if (own === undefined) throw new RealtimeError(NOT_JOINABLE);
		return own.port;
	}

	#ownChannel(): { readonly target: Target; readonly port: ChannelPort } | undefined {
		const target =
			this.#own !== undefined || this.#key === undefined
				? undefined
				: targetOf(this.#site, this.#key);
		if (target !== undefined) {
			const port = this.#hub.channel(target.definition.file, target.params);
			this.#own = { target, port };
		}
		return this.#own;
	}

	#restore(socket: ObjectSocket): Session | undefined {
		const attachment = readAttachment(socket.deserializeAttachment());
		if (attachment === undefined) return undefined;
		const { record } = attachment;
		if (attachment.kind === 'protocol') {
			this.#connections.set(socket, Mux.restore(muxSocket(socket), this.#hub, attachment.record));
			return record.session;
		}
		const target = this.#target;
		if (target === undefined) {
			closeQuietly(socket, DISCONNECTED, NOT_JOINABLE.message);
			return undefined;
		}
		this.#connections.set(
			socket,
			PlainConnection.restore(plainSocket(socket), this.#hub, target, attachment.record),
		);
		return record.session;
	}

	*#muxes(): Iterable<[ObjectSocket, Mux]> {
		for (const [socket, connection] of this.#connections) {
			if (connection instanceof Mux) yield [socket, connection];
		}
	}

	/** Runs code of the site as that of this object. */
	#run<Result>(work: () => Result): Result {
		return this.#surroundings.current.run({ site: this.#site }, work);
	}

	#runtime(): Runtime {
		const host = this.#host;
		const { current, isDevelopment } = this.#surroundings;
		return {
			directory: this.#directory(),
			context: {
				run: (handler, callback) => current.run({ site: this.#site, handler }, callback),
				getStore: () => current.getStore()?.handler,
			},
			enter: (work) => this.#run(work),
			isDevelopment,
			alarm: (milliseconds, callback) => host.alarm(milliseconds, callback),
			waitUntil: (work) => host.waitUntil(work),
			report,
			log,
		};
	}

	/** An object does not call itself. */
	#directory(): Directory {
		const remote = this.#remote;
		return {
			width: remote.width,
			channel: (file, params) =>
				resolveTarget(this.#site, file, params).key === this.#key
					? this.#channel()
					: remote.channel(file, params),
			user: (userId) => (this.#userId === userId ? this.#hub.user(userId) : remote.user(userId)),
		};
	}
}
