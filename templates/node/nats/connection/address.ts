import { NatsError } from './errors.ts';

/** Where NATS is, and how to log in. */
export interface Address {
	/** Hosts with ports. */
	readonly servers: readonly string[];
	readonly isTls: boolean;
	readonly user: string | undefined;
	readonly password: string | undefined;
	readonly token: string | undefined;
	/** For errors: without user and password. */
	readonly place: string;
	/** The copies of a stream. Undefined for the usual number. */
	readonly replicas: number | undefined;
}

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

const PORT = '4222';

/** Whether TLS is asked for, by the scheme of a URL. */
const SCHEMES: Readonly<Record<string, boolean>> = { 'nats:': false, 'tls:': true };

const EXAMPLE =
	'It looks like nats://user:password@host:4222, with `tls:` for TLS. Several are separated by commas.';

/**
 * Reads the address of NATS from NATS_URL, and the copies of streams from NATS_REPLICAS.
 *
 * @throws NatsError if it is missing or malformed.
 */
export function readAddress(environment: Environment): Address {
	const text = environment.NATS_URL?.trim();
	if (text === undefined || text === '') {
		throw new NatsError(
			'NATS_ADDRESS_MISSING',
			'The realtime engine `nats` has no address: NATS_URL is not set.',
			'Set it for the server, for example NATS_URL=nats://localhost:4222',
		);
	}
	const urls = text.split(',').map((part) => readUrl(part.trim()));
	const login = urls.find(({ username }) => username !== '');
	const user = login && decoded(login.username);
	const password = login?.password ? decoded(login.password) : undefined;
	for (const url of urls) {
		if (url.protocol !== urls[0]?.protocol) {
			throw invalid('NATS_URL mixes addresses with and without TLS', EXAMPLE);
		}
		if (
			url.username !== '' &&
			url.username + url.password !== `${login?.username}${login?.password}`
		) {
			throw invalid(
				'NATS_URL has several users',
				'Write the user and the password in the first address alone.',
			);
		}
	}
	const servers = urls.map(({ hostname, port }) => `${hostname}:${port || PORT}`);
	return {
		servers,
		isTls: SCHEMES[urls[0]?.protocol ?? ''] === true,
		// A name without a password is a token.
		user: password === undefined ? undefined : user,
		password,
		token: password === undefined ? user : undefined,
		place: servers.join(', '),
		replicas: readReplicas(environment.NATS_REPLICAS?.trim()),
	};
}

/** The copies of streams, for a site that gives the options of the connection itself. */
export function readReplicas(text: string | undefined): number | undefined {
	if (text === undefined || text === '') return undefined;
	if (/^[1-5]$/.test(text)) return Number(text);
	throw invalid(`NATS_REPLICAS is ${JSON.stringify(text)}`, 'Use 1, 3 or 5.');
}

/** The URL is in no error: it may hold a password. */
function readUrl(text: string): URL {
	if (!URL.canParse(text)) throw invalid('NATS_URL is not a URL', EXAMPLE);
	const url = new URL(text);
	if (!Object.hasOwn(SCHEMES, url.protocol)) {
		throw invalid(`NATS_URL begins with \`${url.protocol}\``, EXAMPLE);
	}
	if (url.hostname === '') throw invalid('NATS_URL names no host', EXAMPLE);
	if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '') {
		throw invalid(
			'NATS_URL has something behind the host',
			'For further options, export those of the connection as `nats` from the hooks file.',
		);
	}
	return url;
}

function decoded(text: string): string {
	try {
		return decodeURIComponent(text);
	} catch {
		throw invalid(
			'The user or the password of NATS_URL is not percent-encoded',
			'Write `%` as `%25`.',
		);
	}
}

function invalid(message: string, hint: string): NatsError {
	return new NatsError('NATS_ADDRESS_INVALID', `${message}.`, hint);
}
