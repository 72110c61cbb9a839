import { type Check, count, duration, oneOf, origins, path, proxies, toggle } from './checks.ts';

/**
 * The adapter's `websocket` option. JSON values only: the build writes them into a module as JSON
 * for the server. Put functions into the file named by {@link WebSocketOptions.hooks}.
 */
export interface WebSocketOptions {
	/**
	 * Additional origins whose pages may open connections, for example `['https://app.example.com']`.
	 * The site's own origin and the entries of Astro's `security.allowedDomains` are always allowed.
	 * Handshakes from other origins get 403.
	 *
	 * `https://*.example.com` matches one label in place of the `*`, `https://**.example.com` one or
	 * more. List the origins of apps and extensions by name, such as `capacitor://localhost`,
	 * `file://` or `chrome-extension://…`. The same applies to `null`, the origin of sandboxed
	 * frames.
	 *
	 * @default {[]}
	 */
	allowedOrigins?: string[];
	/**
	 * The maximum size of a received message in bytes. A larger message closes the connection with
	 * 1009.
	 *
	 * @default {1048576} 1 MiB
	 */
	maxPayload?: number;
	/**
	 * The maximum size of the send buffer of one connection in bytes.
	 * {@link WebSocketOptions.overflow} decides about messages beyond it.
	 *
	 * @default {1048576} 1 MiB
	 */
	maxBufferedAmount?: number;
	/**
	 * The action of `send()` for a message that does not fit into `maxBufferedAmount`. `close` closes
	 * the connection with 1008, `drop` drops the message.
	 *
	 * @default {'close'}
	 */
	overflow?: 'close' | 'drop';
	/**
	 * Milliseconds between the pings to each connection. If nothing arrives between two pings, the
	 * connection is terminated. 0 disables the pings.
	 *
	 * @default {30000} 30 seconds
	 */
	heartbeatInterval?: number;
	/**
	 * Enables health monitoring. The connection manager pings every connection at each
	 * `healthCheckInterval` and measures the latency of the pongs. A connection is terminated after
	 * `maxMissedPings` unanswered pings in a row.
	 *
	 * @default {false}
	 */
	enableHealthMonitoring?: boolean;
	/**
	 * Milliseconds between the pings of health monitoring to each connection.
	 *
	 * @default {30000} 30 seconds
	 */
	healthCheckInterval?: number;
	/**
	 * Unanswered pings of health monitoring in a row after which a connection is terminated. Only a
	 * pong counts as an answer here, while the heartbeat accepts any inbound bytes.
	 *
	 * @default {3}
	 */
	maxMissedPings?: number;
	/**
	 * Milliseconds without inbound traffic, pongs included, after which a connection is closed with
	 * 1001. 0 disables the timeout.
	 *
	 * @default {120000} 2 minutes
	 */
	idleTimeout?: number;
	/**
	 * Milliseconds within which the site must answer a handshake. After that, the handshake gets 503.
	 * 0 disables the timeout.
	 *
	 * @default {10000} 10 seconds
	 */
	handshakeTimeout?: number;
	/**
	 * The maximum number of connections of the process, open or opening. Further handshakes get 503
	 * with `Retry-After`.
	 *
	 * @default {10000}
	 */
	maxConnections?: number;
	/**
	 * The maximum number of connections of one client address, open or opening. IPv6 addresses count
	 * by their /64. Further handshakes get 429.
	 *
	 * @default {1000}
	 */
	maxConnectionsPerIP?: number;
	/**
	 * The window of {@link WebSocketOptions.rateLimitMaxConnections} in milliseconds.
	 *
	 * @default {60000} 1 minute
	 */
	rateLimitWindow?: number;
	/**
	 * The maximum number of handshakes of one client address within `rateLimitWindow`. Further ones
	 * get 429 with `Retry-After`. 0 disables the limit.
	 *
	 * @default {1000}
	 */
	rateLimitMaxConnections?: number;
	/**
	 * The maximum rate of messages per second on one connection, and the maximum size of a burst. A
	 * client that exceeds it is closed with 1008. 0 disables the limit.
	 *
	 * @default {1000}
	 */
	maxMessagesPerSecond?: number;
	/**
	 * Compresses messages for clients that offer it (RFC 7692). Compression costs memory on every
	 * connection. It also reveals secrets by their length, if an attacker's text is compressed with
	 * them.
	 *
	 * @default {false}
	 */
	perMessageDeflate?: boolean;
	/**
	 * Addresses and CIDR ranges of the proxies to trust for `X-Forwarded-For` and
	 * `X-Forwarded-Proto`, for example `['10.0.0.0/8', '::1']`. For other peers, the client address
	 * and the scheme are those of the connection.
	 *
	 * @default {[]}
	 */
	trustedProxies?: string[];
	/**
	 * The module that exports the hooks `verifyClient`, `selectProtocol`, `onError` and
	 * `clientAddress`, relative to the project root. The default file is optional, and may end in
	 * `.js`, `.mts` or `.mjs` instead.
	 *
	 * @default {'src/websocket.ts'}
	 */
	hooks?: string;
}

/** {@link WebSocketOptions} with every default filled in. */
export interface ResolvedWebSocketOptions {
	/** Each entry is the source of a regular expression. */
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
	/** `null` is the default: the file is found by convention. */
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

/** The check of every option. */
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
 * Checks the `websocket` option of the configuration and fills in the defaults.
 *
 * @param adapterOptions The options of the adapter.
 * @throws TypeError with the name, the expected value and the actual value of the invalid option.
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
	// Every name is a key of `CHECKS`, and the compiler checks those values against the type.
	return resolved as unknown as ResolvedWebSocketOptions;
}

/**
 * Checks one option.
 *
 * @param of The name of the object that holds the option.
 * @returns The value in its resolved form.
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

/** The error for an invalid option. */
export function invalid(name: string, expected: string, value: unknown): TypeError {
	// JSON has neither NaN nor Infinity.
	const text = typeof value === 'number' ? undefined : JSON.stringify(value);
	return new TypeError(`\`${name}\` must be ${expected}, got: ${text ?? String(value)}`);
}
