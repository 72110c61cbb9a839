import { EngineError } from './errors.ts';

/** A server that is asked first. */
export interface ServerAddress {
	readonly host: string;
	readonly port: number;
}

/** Where Redis is, and how to log in. */
export interface Address {
	readonly mode: 'single' | 'sentinel' | 'cluster';
	/** The server, sentinels, or some servers of the Cluster. */
	readonly servers: readonly ServerAddress[];
	/** The name of the master that the sentinels watch. */
	readonly master: string | undefined;
	readonly isTls: boolean;
	readonly username: string | undefined;
	readonly password: string | undefined;
	/** The password of the sentinels. */
	readonly sentinelPassword: string | undefined;
	readonly database: number;
	/** For errors: without user and password. */
	readonly place: string;
}

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PORT = 6379;
const SENTINEL_PORT = 26379;
const DEFAULT_MASTER = 'mymaster';

/** Whether TLS is used, by the scheme of a URL. */
const SCHEMES: Readonly<Record<string, boolean>> = {
	'redis:': false,
	'rediss:': true,
	'valkey:': false,
	'valkeys:': true,
};

/**
 * Reads the address of Redis.
 *
 * @throws EngineError if it is missing or malformed.
 */
export function readAddress(environment: Environment): Address {
	const url = textOf(environment, 'REDIS_URL');
	const sentinels = textOf(environment, 'REDIS_SENTINELS');
	const cluster = textOf(environment, 'REDIS_CLUSTER');
	if (sentinels !== undefined && cluster !== undefined) {
		throw invalid('REDIS_SENTINELS and REDIS_CLUSTER are both set', 'Remove one of the two.');
	}
	if (url === undefined && sentinels === undefined && cluster === undefined) {
		throw new EngineError(
			'REDIS_ADDRESS_MISSING',
			'The realtime engine `redis` has no address: REDIS_URL is not set.',
			'Set it for the server, for example REDIS_URL=redis://localhost:6379',
		);
	}
	const login = url === undefined ? NO_LOGIN : readUrl(url);
	if (sentinels !== undefined) {
		const servers = readServers('REDIS_SENTINELS', sentinels, SENTINEL_PORT);
		const master = textOf(environment, 'REDIS_SENTINEL_MASTER') ?? DEFAULT_MASTER;
		return {
			...login,
			mode: 'sentinel',
			servers,
			master,
			sentinelPassword: textOf(environment, 'REDIS_SENTINEL_PASSWORD'),
			place: `the master \`${master}\` of ${placeOf(servers)}`,
		};
	}
	if (cluster !== undefined) {
		const servers = readServers('REDIS_CLUSTER', cluster, PORT);
		if (login.database !== 0) {
			throw invalid('REDIS_URL names a database, but a Cluster has one alone', 'Remove the path.');
		}
		return { ...login, mode: 'cluster', servers, place: `the Cluster at ${placeOf(servers)}` };
	}
	return login;
}

const NO_LOGIN: Address = {
	mode: 'single',
	servers: [],
	master: undefined,
	isTls: false,
	username: undefined,
	password: undefined,
	sentinelPassword: undefined,
	database: 0,
	place: '',
};

const EXAMPLE = 'It looks like redis://user:password@host:6379/0, with `rediss:` for TLS.';

/** The URL is in no error: it may hold a password. */
function readUrl(text: string): Address {
	if (!URL.canParse(text)) throw invalid('REDIS_URL is not a URL', EXAMPLE);
	const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
	const isTls = Object.hasOwn(SCHEMES, protocol) ? SCHEMES[protocol] : undefined;
	if (isTls === undefined) throw invalid(`REDIS_URL begins with \`${protocol}\``, EXAMPLE);
	if (hostname === '') throw invalid('REDIS_URL names no host', EXAMPLE);
	if (search !== '' || hash !== '') {
		throw invalid(
			'REDIS_URL has more than a path behind the host',
			'For further options, export a client as `redis` from the hooks file.',
		);
	}
	const database = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
	if (database === undefined) {
		throw invalid('The path of REDIS_URL is not the number of a database', EXAMPLE);
	}
	const servers = [{ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || PORT) }];
	return {
		...NO_LOGIN,
		servers,
		isTls,
		username: username === '' ? undefined : decoded(username),
		password: password === '' ? undefined : decoded(password),
		database: Number(database),
		place: placeOf(servers),
	};
}

function readServers(name: string, text: string, port: number): readonly ServerAddress[] {
	return text.split(',').map((part) => {
		const address = part.trim();
		const url = `tcp://${address}`;
		const { hostname, port: given, pathname } = URL.canParse(url) ? new URL(url) : NOWHERE;
		if (hostname === '' || pathname !== '' || address.includes('@')) {
			throw invalid(
				`${name} holds ${JSON.stringify(address)}, which is no address`,
				`It is a list of hosts and ports: ${name}=one:${port},two:${port}`,
			);
		}
		return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(given || port) };
	});
}

const NOWHERE = { hostname: '', port: '', pathname: '' };

function placeOf(servers: readonly ServerAddress[]): string {
	return servers.map(({ host, port }) => `${host}:${port}`).join(', ');
}

function textOf(environment: Environment, name: string): string | undefined {
	const text = environment[name]?.trim();
	return text === '' ? undefined : text;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		throw invalid(
			'The user or the password of REDIS_URL is not percent-encoded',
			'Write `%` as `%25`.',
		);
	}
}

function invalid(message: string, hint: string): EngineError {
	return new EngineError('REDIS_ADDRESS_INVALID', `${message}.`, hint);
}
