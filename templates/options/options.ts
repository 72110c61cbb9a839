import { type Check, count, duration, oneOf, origins, path, proxies, toggle } from './checks.ts';

/**
 * The adapter's `websocket` option. JSON values only: on the way from the configuration to the
 * built server they are written into a module as JSON. Functions go into the file that
 * {@link WebSocketOptions.hooks} names.
 */
export interface WebSocketOptions {
	/**
	 * Origins whose pages may open connections, beside the site's own and those in Astro's
	 * `security.allowedDomains`; for example `['https://app.example.com']`. Others get 403.
	 *
	 * `https://*.example.com` allows one label in place of the `*`, `https://**.example.com` one or
	 * more. The origins of apps and extensions, such as `capacitor://localhost`, `file://` or
	 * `chrome-extension://…`, and `null`, that of sandboxed frames, are allowed by name only.
	 *
	 * @default {[]}
	 */
	allowedOrigins?: string[];
	/**
	 * The largest message accepted, in bytes. A larger one closes the connection with 1009.
	 *
	 * @default {1048576} 1 MiB
	 */
	maxPayload?: number;
	/**
	 * Bytes that may wait to go out on one connection. What happens to a message that would exceed
	 * it, {@link WebSocketOptions.overflow} says.
	 *
	 * @default {1048576} 1 MiB
	 */
	maxBufferedAmount?: number;
	/**
	 * What `send()` does with a message for which there is no room in `maxBufferedAmount`: `close`
	 * the connection with 1008, or `drop` the message.
	 *
	 * @default {'close'}
	 */
	overflow?: 'close' | 'drop';
	/**
	 * Milliseconds between the pings to each connection. One from which nothing has come since the
	 * last ping is terminated at the next. 0 sends none.
	 *
	 * @default {30000} 30 seconds
	 */
	heartbeatInterval?: number;
	/**
	 * Whether the connection manager pings every connection each `healthCheckInterval`, measures how
	 * long the answers take, and terminates those that do not answer `maxMissedPings` times in a row.
	 *
	 * @default {false}
	 */
	enableHealthMonitoring?: boolean;
	/**
	 * Milliseconds between the pings of the health monitoring to each connection.
	 *
	 * @default {30000} 30 seconds
	 */
	healthCheckInterval?: number;
	/**
	 * Pings of the health monitoring in a row that a connection may leave without an answer; then it
	 * is terminated. The heartbeat takes any bytes for a sign of life, this only the answer.
	 *
	 * @default {3}
	 */
	maxMissedPings?: number;
	/**
	 * Milliseconds without any inbound traffic, pongs included, after which a connection is closed
	 * with 1001. 0 is never.
	 *
	 * @default {120000} 2 minutes
	 */
	idleTimeout?: number;
	/**
	 * Milliseconds that the answer to a handshake may take; then it is 503. 0 is any time.
	 *
	 * @default {10000} 10 seconds
	 */
	handshakeTimeout?: number;
	/**
	 * Connections of the process, open or opening. Further handshakes get 503 with `Retry-After`.
	 *
	 * @default {10000}
	 */
	maxConnections?: number;
	/**
	 * Connections of one client address, open or opening; IPv6 addresses count by their /64.
	 * Further handshakes get 429.
	 *
	 * @default {1000}
	 */
	maxConnectionsPerIP?: number;
	/**
	 * Milliseconds over which {@link WebSocketOptions.rateLimitMaxConnections} counts.
	 *
	 * @default {60000} 1 minute
	 */
	rateLimitWindow?: number;
	/**
	 * Handshakes of one client address within `rateLimitWindow`. Further ones get 429 with
	 * `Retry-After`. 0 is any number.
	 *
	 * @default {1000}
	 */
	rateLimitMaxConnections?: number;
	/**
	 * Messages per second that a connection may send over time, and as many at once. More close it
	 * with 1008. 0 is any number.
	 *
	 * @default {1000}
	 */
	maxMessagesPerSecond?: number;
	/**
	 * Compresses messages for clients that offer it (RFC 7692). It costs memory on every
	 * connection, and lets those who can send along with a secret guess it by the length.
	 *
	 * @default {false}
	 */
	perMessageDeflate?: boolean;
	/**
	 * Addresses and CIDR ranges of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are
	 * believed, for example `['10.0.0.0/8', '::1']`. For everyone else the client's address and the
	 * scheme are those of the connection.
	 *
	 * @default {[]}
	 */
	trustedProxies?: string[];
	/**
	 * The module that exports the hooks `verifyClient`, `selectProtocol`, `onError` and
	 * `clientAddress`, relative to the project's root. The default may be absent, and may end in
	 * `.js`, `.mts` or `.mjs` as well.
	 *
	 * @default {'src/websocket.ts'}
	 */
	hooks?: string;
}

/** {@link WebSocketOptions} with every default filled in. */
export interface ResolvedWebSocketOptions {
	/** Each as the source of a regular expression. */
	readonly allowedOrigins: readonly string[];
	readonly maxPayload: number;
	readonly maxBufferedAmount: number;
	readonly overflow: 'close' | 'drop';
	readonly heartbeatInterval: number;
	readonly enableHealthMonitoring: boolean;
	readonly healthCheckInterval: number;
	readonly maxMissedPings: number;
	readonly idleTimeout: number;
	readonly handshakeTimeout: number;
	readonly maxConnections: number;
	readonly maxConnectionsPerIP: number;
	readonly rateLimitWindow: number;
	readonly rateLimitMaxConnections: number;
	readonly maxMessagesPerSecond: number;
	readonly perMessageDeflate: boolean;
	readonly trustedProxies: readonly string[];
	/** `null` is the default: what is found by convention. */
	readonly hooks: string | null;
}

/** The default of every option. */
export const WEBSOCKET_DEFAULTS: ResolvedWebSocketOptions = {
	allowedOrigins: [],
	maxPayload: 1024 * 1024,
	maxBufferedAmount: 1024 * 1024,
	overflow: 'close',
	heartbeatInterval: 30_000,
	enableHealthMonitoring: false,
	healthCheckInterval: 30_000,
	maxMissedPings: 3,
	idleTimeout: 120_000,
	handshakeTimeout: 10_000,
	maxConnections: 10_000,
	maxConnectionsPerIP: 1000,
	rateLimitWindow: 60_000,
	rateLimitMaxConnections: 1000,
	maxMessagesPerSecond: 1000,
	perMessageDeflate: false,
	trustedProxies: [],
	hooks: null,
};

/** What each option has to be. */
const CHECKS: { [Name in keyof WebSocketOptions]-?: Check<ResolvedWebSocketOptions[Name]> } = {
	allowedOrigins: origins,
	maxPayload: count('bytes', 1),
	maxBufferedAmount: count('bytes', 1),
	overflow: oneOf('close', 'drop'),
	heartbeatInterval: duration(0),
	enableHealthMonitoring: toggle,
	healthCheckInterval: duration(1),
	maxMissedPings: count('pings', 1),
	idleTimeout: duration(0),
	handshakeTimeout: duration(0),
	maxConnections: count('connections', 1),
	maxConnectionsPerIP: count('connections', 1),
	rateLimitWindow: duration(1),
	rateLimitMaxConnections: count('handshakes', 0),
	maxMessagesPerSecond: count('messages', 0),
	perMessageDeflate: toggle,
	trustedProxies: proxies,
	hooks: path,
};

/**
 * Checks the `websocket` option as the user wrote it and fills in the defaults.
 *
 * @param adapterOptions The options of the adapter.
 * @throws TypeError that names the option, says what it has to be and what it is.
 */
export function resolveWebSocketOptions(adapterOptions: object): ResolvedWebSocketOptions {
	const options: unknown = Reflect.get(adapterOptions, 'websocket');
	if (options === undefined) return WEBSOCKET_DEFAULTS;
	if (typeof options !== 'object' || options === null || Array.isArray(options)) {
		throw invalid('websocket', 'an object', options);
	}
	const resolved: Record<string, unknown> = { ...WEBSOCKET_DEFAULTS };
	for (const [name, value] of Object.entries(options) as [string, unknown][]) {
		if (!isOption(name)) {
			const known = Object.keys(CHECKS).join('`, `');
			throw new TypeError(`\`websocket.${name}\` is not an option. The options are: \`${known}\``);
		}
		if (value === undefined) continue;
		resolved[name] = checkOption(name, value, 'websocket');
	}
	// Every name in it is one of `CHECKS`, whose values the compiler holds against the type.
	return resolved as unknown as ResolvedWebSocketOptions;
}

/**
 * Checks one option.
 *
 * @param of What it is an option of.
 * @returns It, in the form in which it is used.
 * @throws TypeError as {@link resolveWebSocketOptions} does.
 */
export function checkOption(name: keyof WebSocketOptions, value: unknown, of: string): unknown {
	return CHECKS[name](value, (expected, part = '', wrong = value) => {
		throw invalid(`${of}.${name}${part}`, expected, wrong);
	});
}

function isOption(name: string): name is keyof WebSocketOptions {
	return Object.hasOwn(CHECKS, name);
}

/** Says that an option is not what it must be. */
export function invalid(name: string, expected: string, value: unknown): TypeError {
	// JSON has neither NaN nor Infinity.
	const text = typeof value === 'number' ? undefined : JSON.stringify(value);
	return new TypeError(`\`${name}\` must be ${expected}, got: ${text ?? String(value)}`);
}
