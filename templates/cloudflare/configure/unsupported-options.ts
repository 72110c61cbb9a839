import { type ResolvedWebSocketOptions, resolveWebSocketOptions } from '../../options/options.ts';
import type { SupportedOption } from '../site/site.ts';

type UnsupportedOption = Exclude<keyof ResolvedWebSocketOptions, SupportedOption | 'hooks'>;

const NO_PINGS = 'a Worker cannot send pings or receive pongs';
const NO_BUFFER = 'the Workers runtime does not expose the size of the send buffer';
const NO_COUNT = 'requests are spread over many isolated instances of the Worker';

/** The reasons for unsupported options. */
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
	perMessageDeflate: 'the compatibility flags of the Worker control compression',
	trustedProxies: 'the client address comes from `CF-Connecting-IP`',
};

/**
 * Warnings about options without effect.
 *
 * @param given The `websocket` option of the configuration.
 */
export function unsupportedOptionWarnings(given: object | undefined): string[] {
	const set = Object.entries(REASONS).filter(
		([name]) => given !== undefined && Reflect.get(given, name) !== undefined,
	);
	return set.map(
		([name, reason]) => `\`websocket.${name}\` has no effect on Cloudflare: ${reason}.`,
	);
}

/** Values of these options that set no limit, for a site that runs in Node. */
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
 * The options for an `astro dev` that runs the site in Node, so that it behaves like the Worker.
 *
 * @param adapterOptions The options of the adapter, if any.
 */
export function optionsOfWorker(adapterOptions: object = {}): ResolvedWebSocketOptions {
	return { ...resolveWebSocketOptions(adapterOptions), ...WITHOUT_LIMIT };
}
