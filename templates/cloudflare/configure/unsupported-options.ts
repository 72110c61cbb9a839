import { type ResolvedWebSocketOptions, resolveWebSocketOptions } from '../../options/options.ts';
import type { SupportedOption } from '../site/site.ts';

type UnsupportedOption = Exclude<keyof ResolvedWebSocketOptions, SupportedOption | 'hooks'>;

const NO_PINGS = 'a Worker cannot send pings, nor see the answers';
const NO_BUFFER = 'the Workers runtime does not tell how much waits to go out';
const NO_COUNT =
	'requests are spread over many instances of the Worker, none of which sees the others';

/** Why an option cannot be kept in a Worker. */
const REASONS: Record<UnsupportedOption, string> = {
	maxBufferedAmount: NO_BUFFER,
	overflow: NO_BUFFER,
	heartbeatInterval: NO_PINGS,
	enableHealthMonitoring: NO_PINGS,
	healthCheckInterval: NO_PINGS,
	maxMissedPings: NO_PINGS,
	idleTimeout: NO_PINGS,
	maxConnections: NO_COUNT,
	maxConnectionsPerIP: NO_COUNT,
	rateLimitWindow: NO_COUNT,
	rateLimitMaxConnections: NO_COUNT,
	perMessageDeflate: 'the Workers runtime decides about it, by its compatibility flags',
	trustedProxies: "the client's address is the one that Cloudflare names in `CF-Connecting-IP`",
};

/**
 * What to tell a site builder about options that were set in vain.
 *
 * @param given The `websocket` option as the user wrote it.
 */
export function unsupportedOptionWarnings(given: object | undefined): string[] {
	const set = Object.entries(REASONS).filter(
		([name]) => given !== undefined && Reflect.get(given, name) !== undefined,
	);
	return set.map(
		([name, reason]) => `\`websocket.${name}\` has no effect on Cloudflare: ${reason}.`,
	);
}

/** The same options where the site runs in Node, with the values that set no limit. */
const WITHOUT_LIMIT: Pick<ResolvedWebSocketOptions, UnsupportedOption> = {
	maxBufferedAmount: Number.POSITIVE_INFINITY,
	overflow: 'close',
	heartbeatInterval: 0,
	enableHealthMonitoring: false,
	healthCheckInterval: 1,
	maxMissedPings: 1,
	idleTimeout: 0,
	maxConnections: Number.POSITIVE_INFINITY,
	maxConnectionsPerIP: Number.POSITIVE_INFINITY,
	rateLimitWindow: 1,
	rateLimitMaxConnections: 0,
	perMessageDeflate: false,
	trustedProxies: [],
};

/**
 * The options for an `astro dev` that runs the site in Node, so that it behaves as the Worker will.
 *
 * @param adapterOptions The user's, if there are any.
 */
export function optionsOfWorker(adapterOptions: object = {}): ResolvedWebSocketOptions {
	return { ...resolveWebSocketOptions(adapterOptions), ...WITHOUT_LIMIT };
}
