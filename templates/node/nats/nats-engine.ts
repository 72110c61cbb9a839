import { followLog } from '../../realtime/channel/log/feed.ts';
import type { Host, Log, Roster } from '../../realtime/channel/ports.ts';
import { startOnce } from '../../realtime/channel/start-once.ts';
import type { Engine, EngineStatus } from '../../realtime/user/engine.ts';
import type { UserEngine, UserWatcher } from '../../realtime/user/user-engine.ts';
import { EngineState } from '../engine/engine-state.ts';
import { CHANNEL_GROUP, USER_GROUP } from '../engine/groups.ts';
import { POSITION_CHECK, RECOVERY, RENEWAL, SESSION_RENEWAL } from '../engine/limits.ts';
import { SignsOfLife } from '../engine/signs-of-life.ts';
import { Tasks } from '../engine/tasks.ts';
import { afterReading } from '../process/after-reading.ts';
import { Appender } from './channels/appender.ts';
import { ChannelGroups } from './channels/channel-groups.ts';
import { Channels } from './channels/channels.ts';
import { Heads } from './channels/heads.ts';
import { Leftovers } from './channels/leftovers.ts';
import { Membership } from './channels/membership.ts';
import { NatsLog } from './channels/nats-log.ts';
import { NatsRoster } from './channels/nats-roster.ts';
import { NatsUsers } from './channels/nats-users.ts';
import { Tidier } from './channels/tidier.ts';
import { UserGroups } from './channels/user-groups.ts';
import { apiOf } from './connection/api.ts';
import type { Connector, NatsConnection, NatsHeaders, NatsMessage } from './connection/client.ts';
import { describeFailure } from './connection/failure.ts';
import { TIDY_INTERVAL } from './connection/limits.ts';
import { Link } from './connection/link.ts';
import { Names } from './connection/names.ts';
import { Requests } from './connection/requests.ts';
import { ServerClock } from './connection/server-clock.ts';
import { Store, type Stored, stored } from './connection/store.ts';
import { checkServer, openStreams } from './connection/streams.ts';
import { Subjects } from './connection/subjects.ts';
import { Leases } from './sessions/leases.ts';
import { Sessions } from './sessions/sessions.ts';

export interface NatsEngineInit {
	/** The site, which no other one may share its prefix with. */
	readonly site: string;
	/** The beginning of the names of all streams and subjects. */
	readonly prefix: string;
	/**
	 * Finds NATS when the server starts.
	 *
	 * @throws NatsError if there is no address, or no client library.
	 */
	readonly connector: () => Promise<Connector>;
	readonly host: Host;
	/** Tells the operator of something that is no error. */
	readonly log: (message: string) => void;
}

/** The data that a connection found. */
interface Found {
	/** That of the streams. */
	readonly life: string;
	/** That of the sessions in them. */
	readonly sessions: string;
	readonly hasReplicas: boolean;
}

/** The name in the option `realtime.engine`. */
const NAME = 'nats';

/** Keeps the channels, sessions and users of a site in NATS JetStream, for several processes. */
export class NatsEngine implements Engine {
	readonly log: Log;
	readonly roster: Roster;
	readonly feed: Engine['feed'] = followLog;
	readonly start: () => Promise<void> = startOnce(() => this.#start());
	readonly #init: NatsEngineInit;
	readonly #names: Names;
	readonly #link: Link;
	readonly #requests: Requests;
	readonly #subjects: Subjects;
	readonly #heads: Heads;
	readonly #tidier: Tidier;
	readonly #leftovers: Leftovers;
	readonly #channels: Channels;
	readonly #leases: Leases;
	readonly #membership: Membership;
	readonly #userGroups: UserGroups;
	readonly #sessions: Sessions;
	readonly #roster: NatsRoster;
	readonly #clock = new ServerClock();
	readonly #signs = new SignsOfLife();
	readonly #state: EngineState;
	readonly #tasks: Tasks;
	#users: UserWatcher | undefined;
	#userEngine: NatsUsers | undefined;
	#connector: Connector | undefined;
	#isRenewed = false;
	#renewing: Promise<void> | undefined;
	/** Why NATS refused a message since the last renewal. */
	#refusal: Error | undefined;
	/** The reasons that the operator was told of. */
	readonly #toldRefusals = new Set<string>();
	/** As of the last connection. */
	#found: Found | undefined;
	/** As of the connection that is being made. */
	#nextFound: Found | undefined;
	/** Whether NATS may lack data, and the members were not written again yet. */
	#mayLackData = false;
	#endOwnSubject: (() => void) | undefined;
	#cancelRecovery: (() => void) | undefined;

	constructor(init: NatsEngineInit) {
		this.#init = init;
		const { host } = init;
		const names = new Names(init.prefix);
		this.#names = names;
		this.#state = new EngineState({ name: NAME, host, log: init.log });
		this.#tasks = new Tasks({
			name: NAME,
			host,
			isConnected: () => this.#link.connection !== undefined,
		});
		const after = (time: number, callback: () => void): (() => void) => host.alarm(time, callback);
		const random = (length: number): string => host.random(length);
		const drop = (reason: Error): void => this.#link.drop(reason);
		const connection = (): NatsConnection | undefined => this.#link.connection;
		this.#link = new Link({
			connect: async () => {
				if (this.#connector === undefined) throw new Error('There is no server to connect to.');
				return await this.#connector.connect();
			},
			prepare: (made) => this.#prepare(made),
			onUp: () => this.#tasks.do(this.#connected()),
			onDown: (error) => {
				this.#requests.fail();
				this.#isRenewed = false;
				this.#down(error);
			},
			random: () => Number.parseInt(random(6), 36) / 36 ** 6,
			after,
		});
		const requests = new Requests({ connection, drop, random });
		this.#requests = requests;
		const report = (message: string, error?: unknown): void => host.report(message, error);
		const subjects = new Subjects({ connection, drop, after, report });
		this.#subjects = subjects;
		const storeOf = (stream: string): Store =>
			new Store({
				requests,
				headers: () => this.#headers(),
				stream,
				hasReplicas: () => this.#found?.hasReplicas === true,
				drop,
				refused: (error) => {
					this.#refusal = error;
				},
				random,
			});
		const [logStore, store] = [storeOf(names.logStream), storeOf(names.stateStream)];
		this.#heads = new Heads({ store: logStore, names, random });
		const heads = this.#heads;
		this.#tidier = new Tidier({ store: logStore, serverClock: this.#clock });
		const tidier = this.#tidier;
		this.#leftovers = new Leftovers({ store: logStore, names, tidier });
		this.#leases = new Leases({ store, names, host });
		const leases = this.#leases;
		this.#userGroups = new UserGroups({
			store,
			leases,
			names,
			filled: (userId) => this.#users?.online(userId),
			emptied: (userId) => this.#users?.offline(userId),
			left: (userId) => this.#userEngine?.left(userId),
		});
		this.#membership = new Membership({
			store,
			leases,
			names,
			host,
			kinds: {
				[CHANNEL_GROUP]: new ChannelGroups({ store, leases, names }),
				[USER_GROUP]: this.#userGroups,
			},
		});
		this.#channels = new Channels({
			logStore,
			stateStore: store,
			subjects,
			heads,
			names,
			report,
		});
		const channels = this.#channels;
		this.#sessions = new Sessions({
			requests,
			store,
			names,
			leases,
			host,
			life: () => this.#found?.sessions ?? '',
		});
		this.log = new NatsLog({
			requests,
			store: logStore,
			heads,
			appender: new Appender({ store: logStore, heads, names, tidier, host }),
			channels,
			names,
			clock: this.#clock,
			host,
		});
		this.#roster = new NatsRoster({
			store,
			channels,
			names,
			leases,
			membership: this.#membership,
			sessions: this.#sessions,
			host,
		});
		this.roster = this.#roster;
	}

	users(watcher: UserWatcher): UserEngine {
		this.#users = watcher;
		this.#userEngine = new NatsUsers({
			requests: this.#requests,
			subjects: this.#subjects,
			names: this.#names,
			membership: this.#membership,
			groups: this.#userGroups,
			watcher,
		});
		return this.#userEngine;
	}

	get status(): EngineStatus {
		return this.#state.status(this.#signs.lag);
	}

	async close(): Promise<void> {
		this.#tasks.close();
		this.#roster.close();
		this.#membership.close();
		this.#cancelRecovery?.();
		this.#link.close();
		this.#requests.fail();
		this.#state.close();
	}

	async #start(): Promise<void> {
		this.#connector = await this.#init.connector();
		const { toldLeases, toldRevocations } = this.#names;
		this.#subjects.keep(toldLeases, (message) => this.#leaseArrived(message));
		this.#subjects.keep(toldRevocations, (message) => {
			const revocation = stored(message);
			if (revocation !== undefined) this.#roster.arrived(revocation);
		});
		this.#listenToOwn();
		try {
			await this.#state.start(() => this.#link.start());
		} catch (error) {
			await this.close();
			throw error;
		}
		this.#tasks.every(RENEWAL, () => this.#live());
		this.#tasks.every(POSITION_CHECK, () => this.#channels.check());
		this.#tasks.every(SESSION_RENEWAL, () => this.#sessions.prolong());
		this.#tasks.every(TIDY_INTERVAL, () => this.#tidier.tidy());
		this.#tasks.every(TIDY_INTERVAL, () => this.#leftovers.lookOn());
	}

	get #where(): Pick<Connector, 'place' | 'isTls'> {
		return this.#connector ?? { place: 'an unknown place', isTls: false };
	}

	#headers(): NatsHeaders {
		if (this.#connector === undefined) throw new Error('The engine has not started.');
		return this.#connector.module.headers();
	}

	/** Checks a server before it is used, and subscribes to everything. */
	async #prepare(connection: NatsConnection): Promise<void> {
		const { place } = this.#where;
		const { site, prefix, host } = this.#init;
		checkServer(connection.info, place);
		const { info } = connection;
		if (info === undefined) throw new Error('The server says nothing of itself.');
		const names = this.#names;
		const replicas = this.#connector?.replicas;
		// The link limits the time of this. What is left unanswered says nothing of a later connection.
		const setup = new Requests({
			connection: () => connection,
			drop: () => {},
			random: (length) => host.random(length),
		});
		setup.join(connection);
		const api = apiOf(setup, (time, callback) => host.alarm(time, callback));
		const asked = openStreams(api, info, { names, site, prefix, place, replicas });
		const data = await asked.finally(() => setup.fail());
		// A server alone may have lost its newest writes when it starts again.
		const run = info.cluster === undefined ? info.server_id : '';
		this.#nextFound = { ...data, sessions: `${data.life} ${run}` };
		this.#signs.clear();
		this.#requests.join(connection);
		this.#subjects.join(connection);
		await connection.flush();
	}

	/** There is a connection. The data may be another one, and messages were missed. */
	async #connected(): Promise<void> {
		const before = this.#found;
		this.#found = this.#nextFound;
		const isOther = before !== undefined && before.life !== this.#found?.life;
		if (before !== undefined && before.sessions !== this.#found?.sessions) this.#mayLackData = true;
		if (this.#mayLackData) this.#recover(isOther);
		await this.#leases.read();
		// Before a first member joins: what is stored by then concerns nobody here.
		await this.#roster.readRevocations();
		await this.#renew();
		const membership = this.#membership;
		this.#tasks.do(this.#mayLackData ? membership.repair(false) : membership.catchUp());
		this.#mayLackData = false;
		this.#sessions.catchUp();
		if (before !== undefined) this.#channels.reconnected();
		this.#tasks.do(this.#channels.check());
	}

	/** Renews the lease of this process. */
	#renew(): Promise<void> {
		this.#renewing ??= this.#renewOnce().finally(() => {
			this.#renewing = undefined;
		});
		return this.#renewing;
	}

	async #renewOnce(): Promise<void> {
		try {
			if (!(await this.#leases.renew(this.#signs.next()))) {
				// This process was stopped for longer than its lease: others have removed its members.
				this.#leases.begin();
				this.#listenToOwn();
				const renewed = this.#leases.renew(this.#signs.next());
				// What an outage prevents of it is done afterwards.
				this.#tasks.do(this.#membership.repair(true));
				await renewed;
			}
		} catch (error) {
			this.#isRenewed = false;
			this.#refusal = undefined;
			this.#down(error as Error);
			return;
		}
		this.#isRenewed = true;
		this.#tellRefusal();
		this.#update();
	}

	/** A server that is almost full takes the signs of life, which are small, and refuses messages. */
	#tellRefusal(): void {
		if (this.#refusal === undefined) return;
		const failure = describeFailure(this.#refusal, this.#where);
		this.#refusal = undefined;
		if (this.#toldRefusals.has(failure.message)) return;
		this.#toldRefusals.add(failure.message);
		this.#init.host.report('The realtime engine `nats` refuses a message', failure);
	}

	/** Shows that this process is alive, to the others and to itself. */
	async #live(): Promise<void> {
		await this.#renew();
		this.#tasks.do(this.#membership.catchUp());
		this.#sessions.catchUp();
		// What a stopped process did not read yet is read first.
		afterReading(() => {
			if (this.#signs.isSilent) this.#link.drop(new Error('Messages do not arrive any more.'));
			else this.#tasks.do(this.#bury());
		});
	}

	async #bury(): Promise<void> {
		if (this.#link.connection === undefined) return;
		await this.#membership.reap(await this.#leases.bury());
	}

	/**
	 * Every process enters its members again. Until then nobody counts as gone.
	 *
	 * @param isOther Whether there is nothing of the data of before.
	 */
	#recover(isOther: boolean): void {
		this.#heads.clear();
		this.#tidier.clear();
		this.#leftovers.restart();
		this.#leases.clear();
		this.#listenToOwn();
		this.#channels.recover();
		if (isOther) this.#channels.restart();
		this.#cancelRecovery?.();
		this.#cancelRecovery = this.#init.host.alarm(RECOVERY, () => this.#channels.recovered());
	}

	/** Listens to the messages to this process, whose id is new. */
	#listenToOwn(): void {
		this.#endOwnSubject?.();
		const subject = this.#names.processes + this.#leases.process;
		this.#endOwnSubject = this.#subjects.keep(subject, ({ data }) => {
			const text = Buffer.from(data).toString();
			if (text.startsWith('t')) this.#roster.taken(text.slice(1));
		});
	}

	#leaseArrived(message: NatsMessage): void {
		const lease: Stored | undefined = stored(message);
		if (lease === undefined) return;
		this.#clock.told(lease.time);
		const sign = this.#leases.told(lease);
		if (sign === undefined) return;
		this.#signs.heard(sign);
		this.#update();
	}

	#update(): void {
		const isUp = this.#link.connection !== undefined && this.#isRenewed && this.#signs.isHeard;
		if (isUp) this.#state.up();
	}

	#down(error: Error): void {
		this.#state.down(describeFailure(error, this.#where));
	}
}
