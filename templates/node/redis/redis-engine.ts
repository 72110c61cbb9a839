import { followLog } from '../../realtime/channel/log/feed.ts';
import type { Host, Log, Roster } from '../../realtime/channel/ports.ts';
import { startOnce } from '../../realtime/channel/start-once.ts';
import type { Engine, EngineStatus } from '../../realtime/user/engine.ts';
import type { UserEngine, UserWatcher } from '../../realtime/user/user-engine.ts';
import { EngineState } from '../engine/engine-state.ts';
import { CHANNEL_GROUP, USER_GROUP } from '../engine/groups.ts';
import { POSITION_CHECK, RECOVERY, RENEWAL, SESSION_RENEWAL } from '../engine/limits.ts';
import { readMessage } from '../engine/message.ts';
import { SignsOfLife } from '../engine/signs-of-life.ts';
import { Tasks } from '../engine/tasks.ts';
import { afterReading } from '../process/after-reading.ts';
import { Channels } from './channels/channels.ts';
import { type Group, Membership } from './channels/membership.ts';
import { RedisLog } from './channels/redis-log.ts';
import { RedisRoster } from './channels/redis-roster.ts';
import { RedisUsers } from './channels/redis-users.ts';
import type { Clients, RedisClient } from './connection/client.ts';
import { Commands } from './connection/commands.ts';
import { describeFailure, plainServer } from './connection/failure.ts';
import { Keys } from './connection/keys.ts';
import { Link } from './connection/link.ts';
import { checkServer, evictionWarning } from './connection/server-info.ts';
import { checkMark, type Mark } from './connection/site-mark.ts';
import { Subjects } from './connection/subjects.ts';
import { FORMAT } from './scripts/limits.ts';
import { Leases, type Renewal } from './sessions/leases.ts';
import { Sessions } from './sessions/sessions.ts';

export interface RedisEngineInit {
	/** The site, which no other one may share its prefix with. */
	readonly site: string;
	/** The beginning of all keys and subjects, without braces. */
	readonly prefix: string;
	/**
	 * Finds Redis when the server starts.
	 *
	 * @throws EngineError if there is no address, or no client library.
	 */
	readonly clients: () => Promise<Clients>;
	readonly host: Host;
	/** Tells the operator of something that is no error. */
	readonly log: (message: string) => void;
}

/** A server, and the life of its data. */
interface Server {
	readonly run: string;
	readonly life: string;
}

/** The name in the option `realtime.engine`. */
const NAME = 'redis';

/** Keeps the channels, sessions and users of a site in Redis, for several processes. */
export class RedisEngine implements Engine {
	readonly log: Log;
	readonly roster: Roster;
	readonly feed: Engine['feed'] = followLog;
	readonly start: () => Promise<void> = startOnce(() => this.#start());
	readonly #init: RedisEngineInit;
	readonly #keys: Keys;
	readonly #commands: Commands;
	readonly #subjects: Subjects;
	readonly #channels: Channels;
	readonly #leases: Leases;
	readonly #membership: Membership;
	readonly #sessions: Sessions;
	readonly #roster: RedisRoster;
	readonly #signs: SignsOfLife;
	readonly #commandLink: Link;
	readonly #messageLink: Link;
	readonly #state: EngineState;
	readonly #tasks: Tasks;
	#users: UserWatcher | undefined;
	#clients: Clients | undefined;
	#isRenewed = false;
	/** Whether the lease of this process had ended, and it did not begin anew yet. */
	#isLeaseLost = false;
	#isCluster = false;
	/** The server and its data as of the last connection. */
	#server: Server | undefined;
	/** That of the connection that is being made. */
	#nextServer: Server | undefined;
	/** Whether the server may lack data, and the members were not written again yet. */
	#mayLackData = false;
	/** Whether something that was published may have been missed. */
	#isBehind = false;
	#hasWarned = false;
	#isProbed = false;
	#cancelRecovery: (() => void) | undefined;

	constructor(init: RedisEngineInit) {
		this.#init = init;
		const { host } = init;
		const report = (message: string, error?: unknown): void => host.report(message, error);
		this.#state = new EngineState({ name: NAME, host, log: init.log });
		this.#tasks = new Tasks({
			name: NAME,
			host,
			isConnected: () => this.#commandLink.client !== undefined,
		});
		const keys = new Keys(init.prefix);
		this.#keys = keys;
		const after = (time: number, callback: () => void): (() => void) => host.alarm(time, callback);
		const random = (): number => Number.parseInt(host.random(6), 36) / 36 ** 6;
		this.#commandLink = new Link({
			open: () => this.#clients?.commands(),
			prepare: (client) => this.#check(client),
			onUp: () => host.waitUntil(this.#commandsUp()),
			onDown: (error) => {
				this.#commands.fail();
				this.#isRenewed = false;
				this.#down(error);
			},
			random,
			after,
		});
		this.#messageLink = new Link({
			open: () => this.#clients?.subscription(this.#commandLink.client),
			prepare: (client) => this.#subjects.join(client),
			onUp: () => host.waitUntil(this.#messagesUp()),
			onDown: (error) => this.#down(error),
			random,
			after,
		});
		const commands = new Commands({
			client: () => this.#commandLink.client,
			drop: (reason) => this.#commandLink.drop(reason),
			report,
		});
		this.#commands = commands;
		this.#subjects = new Subjects({
			client: () => this.#messageLink.client,
			drop: (reason) => this.#messageLink.drop(reason),
			after,
			report,
		});
		this.#leases = new Leases({ commands, keys, host });
		this.#signs = new SignsOfLife();
		const leases = this.#leases;
		const isCluster = (): boolean => this.#isCluster;
		this.#membership = new Membership({
			commands,
			leases,
			keys,
			host,
			groupOf: (name) => groupOf(keys, name),
			emptied: ({ name }) => {
				if (name.startsWith(USER_GROUP)) this.#users?.offline(name.slice(1));
			},
			filled: ({ name }) => {
				if (name.startsWith(USER_GROUP)) this.#users?.online(name.slice(1));
			},
		});
		const membership = this.#membership;
		this.#channels = new Channels({
			commands,
			subjects: this.#subjects,
			keys,
			isCluster,
			report,
			repair: (channel) => {
				this.#tasks.do(membership.repairGroup(CHANNEL_GROUP + channel));
			},
		});
		const channels = this.#channels;
		this.#sessions = new Sessions({ commands, leases, keys, host, isCluster });
		this.log = new RedisLog({ commands, channels, keys, leases, host });
		this.#roster = new RedisRoster({
			commands,
			channels,
			keys,
			leases,
			membership,
			sessions: this.#sessions,
			host,
		});
		this.roster = this.#roster;
	}

	users(watcher: UserWatcher): UserEngine {
		this.#users = watcher;
		return new RedisUsers({
			commands: this.#commands,
			keys: this.#keys,
			membership: this.#membership,
		});
	}

	get status(): EngineStatus {
		return this.#state.status(this.#signs.lag);
	}

	async close(): Promise<void> {
		this.#tasks.close();
		this.#roster.close();
		this.#membership.close();
		this.#cancelRecovery?.();
		this.#commandLink.close();
		this.#messageLink.close();
		this.#commands.fail();
		this.#state.close();
	}

	async #start(): Promise<void> {
		this.#clients = await this.#init.clients();
		this.#keys.database = this.#clients.database;
		this.#subjects.keep(this.#keys.site, (bytes) => this.#arrived(bytes));
		this.#subjects.keep(this.#ownSubject, (bytes) => this.#arrived(bytes));
		try {
			await this.#state.start(() => {
				this.#commandLink.start();
				this.#messageLink.start();
			});
		} catch (error) {
			await this.close();
			throw error;
		}
		this.#tasks.every(RENEWAL, () => this.#live());
		this.#tasks.every(POSITION_CHECK, () => this.#channels.check());
		this.#tasks.every(SESSION_RENEWAL, () => this.#sessions.prolong());
	}

	get #where(): Pick<Clients, 'place' | 'isTls'> {
		return this.#clients ?? { place: 'an unknown place', isTls: false };
	}

	get #ownSubject(): string {
		return this.#keys.processes + this.#leases.process;
	}

	/** Checks a server before it is used. */
	async #check(client: RedisClient): Promise<void> {
		const { place } = this.#where;
		this.#isCluster = client.isCluster === true;
		const info = checkServer(String(await client.callBuffer('INFO')), place);
		const { life } = await this.#mark((command, ...args) => client.callBuffer(command, ...args));
		this.#nextServer = { run: info.run, life };
		if (info.eviction !== undefined && !this.#hasWarned) {
			this.#hasWarned = true;
			this.#init.host.report(
				'The realtime engine `redis` may lose messages',
				evictionWarning(info.eviction, place),
			);
		}
	}

	async #mark(send: Parameters<typeof checkMark>[0]): Promise<Mark> {
		const { site, prefix, host } = this.#init;
		return await checkMark(send, this.#keys, {
			site,
			prefix,
			format: FORMAT,
			life: host.random(12),
		});
	}

	/** The connection for commands is there. The server may be another one, or may have lost data. */
	async #commandsUp(): Promise<void> {
		const before = this.#server;
		this.#server = this.#nextServer;
		const { run, life } = this.#nextServer ?? {};
		if (before !== undefined && (before.run !== run || before.life !== life)) {
			this.#mayLackData = true;
		}
		if (this.#mayLackData) this.#recover();
		await this.#renew();
		if (this.#isRenewed) this.#roster.connected();
		this.#tasks.do(this.#membership.catchUp());
		this.#sessions.catchUp();
		if (this.#messageLink.client === undefined) this.#messageLink.start();
		else this.#readMissed();
	}

	/** The connection for messages is there. What was published meanwhile is read. */
	async #messagesUp(): Promise<void> {
		this.#signs.clear();
		if (this.#commandLink.client === undefined) return;
		// The sign of life shows that the connection works.
		await this.#renew();
		this.#readMissed();
	}

	/** Reads what was published while a connection was away. It is tried until it succeeds. */
	#readMissed(): void {
		this.#isBehind = true;
		const read = async (): Promise<void> => {
			await this.#channels.check();
			await this.#roster.readRevocations();
			this.#isBehind = false;
		};
		this.#tasks.do(read());
	}

	/** Renews the lease of this process. */
	async #renew(): Promise<void> {
		let renewal: Renewal;
		try {
			renewal = await this.#leases.renew(this.#signs.next());
		} catch (error) {
			this.#isRenewed = false;
			this.#down(error as Error);
			return;
		}
		this.#isRenewed = true;
		this.#update();
		const isLost = renewal.isLost || this.#isLeaseLost;
		this.#isLeaseLost = false;
		if (this.#mayLackData) this.#tasks.do(this.#membership.repair(false));
		else if (isLost) this.#tasks.do(this.#leaseLost());
		this.#mayLackData = false;
		if (renewal.dead.length > 0) this.#tasks.do(this.#membership.reap(renewal.dead));
	}

	/** Shows that this process is alive, to the others and to itself. */
	async #live(): Promise<void> {
		await this.#renew();
		this.#tasks.do(this.#membership.catchUp());
		this.#sessions.catchUp();
		if (this.#isBehind && this.#messageLink.client !== undefined) this.#readMissed();
		// What a stopped process did not read yet is read first.
		afterReading(() => {
			// One that is being made has its own time.
			if (!this.#signs.isSilent || this.#messageLink.client === undefined) return;
			this.#messageLink.drop(new Error('Messages do not arrive any more.'));
		});
	}

	/**
	 * This process was stopped for longer than its lease, and others have removed its members; or Redis
	 * lost everything.
	 */
	async #leaseLost(): Promise<void> {
		// Only one renewal tells it: what an outage prevents is done with the next one.
		this.#isLeaseLost = true;
		const { life } = await this.#mark((command, ...args) => this.#commands.send(command, ...args));
		this.#isLeaseLost = false;
		const hasLostData = life !== this.#server?.life;
		if (hasLostData) {
			this.#server = { run: this.#server?.run ?? '', life };
			this.#recover();
			this.#readMissed();
		} else {
			this.#leases.begin();
			this.#subjects.keep(this.#ownSubject, (bytes) => this.#arrived(bytes));
			this.#tasks.do(this.#renew());
		}
		await this.#membership.repair(!hasLostData);
	}

	/** Every process enters its members again. Until then nobody counts as gone. */
	#recover(): void {
		this.#channels.recover();
		this.#cancelRecovery?.();
		this.#cancelRecovery = this.#init.host.alarm(RECOVERY, () => this.#channels.recovered());
	}

	/** A message to all processes, or to this one, has arrived. */
	#arrived(bytes: Buffer): void {
		let message: ReturnType<typeof readMessage>;
		try {
			message = readMessage(bytes);
		} catch (error) {
			this.#init.host.report('A realtime message cannot be read', error);
			return;
		}
		if (message.type === 'sign') {
			this.#signs.heard(message.sign);
			this.#update();
		} else if (message.type === 'inbox') this.#users?.message(message.userId, message.data);
		else if (message.type === 'revoked') this.#roster.revoked(message.id, message.of);
		else if (message.type === 'taken') this.#roster.taken(message.connection);
	}

	#update(): void {
		const isUp =
			this.#commandLink.client !== undefined &&
			this.#messageLink.client !== undefined &&
			this.#isRenewed &&
			this.#signs.isHeard;
		if (isUp) this.#state.up();
	}

	#down(error: Error): void {
		const failure = describeFailure(error, this.#where);
		if (!failure.isFinal && !this.#isProbed) this.#tasks.do(this.#probe());
		this.#state.down(failure);
	}

	/** A server without TLS may leave what it does not understand without an answer. */
	async #probe(): Promise<void> {
		this.#isProbed = true;
		const { place, speaksPlain } = this.#clients ?? {};
		if (place !== undefined && (await speaksPlain?.()) === true) this.#down(plainServer(place));
	}
}

/** Where the members of a group are kept. */
function groupOf(keys: Keys, name: string): Group | undefined {
	const rest = name.slice(1);
	if (name.startsWith(CHANNEL_GROUP)) {
		const { present, subject } = keys.channel(rest);
		return { name, key: present, subject };
	}
	if (!name.startsWith(USER_GROUP)) return undefined;
	return { name, key: keys.user(rest), turn: keys.turn(rest), subject: '' };
}
