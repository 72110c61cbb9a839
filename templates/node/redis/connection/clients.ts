import { DEADLINE } from '../../engine/limits.ts';
import type { Address } from './address.ts';
import type { Clients, RedisClient } from './client.ts';
import { EngineError } from './errors.ts';
import { speaksPlainRedis } from './plain-probe.ts';

/** The module of ioredis or iovalkey. */
export interface ClientModule {
	readonly default?: unknown;
	readonly Redis?: unknown;
	readonly Cluster?: unknown;
}

type Constructor = new (...args: readonly unknown[]) => RedisClient;

/**
 * Options that make a client do nothing by itself. A link makes a new client for each try, and a
 * command that failed is not sent again.
 */
const PASSIVE = {
	lazyConnect: true,
	enableOfflineQueue: false,
	enableReadyCheck: false,
	autoResubscribe: false,
	autoResendUnfulfilledCommands: false,
	maxRetriesPerRequest: 0,
	retryStrategy: null,
	reconnectOnError: null,
	sentinelRetryStrategy: null,
	connectTimeout: DEADLINE,
	// The answers of both versions of the protocol differ.
	protocol: 2,
	// It ends the process with an error when a command is called by its name.
	enableAutoPipelining: false,
	keyPrefix: '',
	stringNumbers: false,
	connectionName: 'realtime',
} as const;

/** The same for a Cluster, which finds its servers by itself. */
const PASSIVE_CLUSTER = {
	lazyConnect: true,
	// It connects to a server with the first command for it. Until then the command waits, within its
	// deadline.
	enableOfflineQueue: true,
	enableReadyCheck: true,
	enableAutoPipelining: false,
	keyPrefix: '',
	clusterRetryStrategy: null,
	// A command on a connection that was lost may have been done.
	retryDelayOnFailover: 0,
	scaleReads: 'master',
	slotsRefreshTimeout: DEADLINE,
} as const;

/** Options of a server in a Cluster: the Cluster makes its connections when they are needed. */
const PASSIVE_NODE = { ...PASSIVE, enableOfflineQueue: true, lazyConnect: undefined } as const;

/** Makes clients for an address. */
export function clientsAt(module: ClientModule, address: Address): Clients {
	const Redis = constructorOf(module);
	const { mode, servers, isTls, database, place } = address;
	const login = {
		username: address.username,
		password: address.password,
		...(isTls && { tls: {} }),
	};
	if (mode === 'cluster') {
		const Cluster = module.Cluster ?? Reflect.get(Redis, 'Cluster');
		const redisOptions = { ...PASSIVE_NODE, ...login };
		const commands = (): RedisClient =>
			new (Cluster as Constructor)(servers, { ...PASSIVE_CLUSTER, redisOptions });
		return { place, isTls, database, commands, subscription: subscriptionOfCluster };
	}
	const options =
		mode === 'sentinel'
			? {
					sentinels: servers,
					name: address.master,
					sentinelPassword: address.sentinelPassword,
					...(isTls && { enableTLSForSentinelMode: true }),
				}
			: { ...servers[0], family: 0 };
	const open = (): RedisClient => new Redis({ ...options, ...login, db: database, ...PASSIVE });
	const [server] = servers;
	const speaksPlain =
		isTls && mode === 'single' && server !== undefined ? () => speaksPlainRedis(server) : undefined;
	return { place, isTls, speaksPlain, database, commands: open, subscription: open };
}

/** A client that the site made. */
interface SiteClient extends RedisClient {
	readonly options?: {
		readonly db?: number;
		readonly tls?: object;
		readonly redisOptions?: { readonly tls?: object };
	};
	duplicate(...args: readonly unknown[]): RedisClient;
}

/**
 * Makes clients with the options of a client that the site made. The site's own is left alone.
 *
 * @throws EngineError for something else.
 */
export function clientsLike(given: unknown): Clients {
	if (!isSiteClient(given)) {
		throw new EngineError(
			'REDIS_CLIENT_INVALID',
			'The export `redis` of the hooks file is no client of `ioredis` or `iovalkey`.',
			'Export `new Redis(…)` or `new Cluster(…)`, or remove the export and set REDIS_URL.',
		);
	}
	const place = 'the server of the client `redis` in the hooks file';
	const { options } = given;
	const isTls = (options?.tls ?? options?.redisOptions?.tls) !== undefined;
	if (given.isCluster) {
		const redisOptions = { ...given.options?.redisOptions, ...PASSIVE_NODE };
		return {
			place,
			isTls,
			database: 0,
			commands: () => given.duplicate([], { ...PASSIVE_CLUSTER, redisOptions }),
			subscription: subscriptionOfCluster,
		};
	}
	const open = (): RedisClient => given.duplicate(PASSIVE);
	return { place, isTls, database: given.options?.db ?? 0, commands: open, subscription: open };
}

/**
 * Any server of a Cluster delivers what is published on all of them. After a failure another one is
 * taken.
 */
function subscriptionOfCluster(cluster: RedisClient | undefined): RedisClient | undefined {
	const nodes = (cluster?.nodes?.('master') ?? []) as readonly SiteClient[];
	const node = nodes[Math.floor(Math.random() * nodes.length)];
	return node?.duplicate(PASSIVE);
}

function constructorOf(module: ClientModule): Constructor {
	const found = module.Redis ?? module.default;
	// A module of CommonJS has its exports in `default`.
	const nested = typeof found === 'object' ? (found as ClientModule | null)?.Redis : found;
	if (typeof nested === 'function') return nested as Constructor;
	throw new EngineError(
		'REDIS_CLIENT_INVALID',
		'The package of the Redis client exports no `Redis`.',
		'Install `ioredis` 5 or 6, or `iovalkey`.',
	);
}

function isSiteClient(value: unknown): value is SiteClient {
	return (
		typeof value === 'object' &&
		value !== null &&
		typeof Reflect.get(value, 'duplicate') === 'function' &&
		typeof Reflect.get(value, 'callBuffer') === 'function'
	);
}
