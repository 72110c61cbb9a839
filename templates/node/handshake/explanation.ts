import type { IncomingMessage } from 'node:http';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import { proxyOf } from '../http/client-address.ts';
import type { Host } from './host.ts';

/** The reason of a refusal, and the option that changes it. */
export interface Explanation {
	/** The kind. Notices of the same kind are throttled. */
	readonly kind: string;
	readonly text: string;
}

/** Longer origins are truncated in the log. */
const LONGEST_ORIGIN = 200;

/**
 * Explains a refused origin. The usual reason is a proxy that changes the host, the port or the
 * scheme of the request.
 *
 * @param own The origin of the request's own URL.
 */
export function explainOrigin(
	request: IncomingMessage,
	own: string | undefined,
	{ proxies }: Pick<Host, 'proxies'>,
): Explanation {
	const origin = String(request.headers.origin).slice(0, LONGEST_ORIGIN);
	const head = `A WebSocket handshake with the origin ${JSON.stringify(origin)} was refused with 403: the request is for ${JSON.stringify(own ?? 'no host')}.`;
	const allow = 'Add the origin to `websocket.allowedOrigins` if pages of it may connect.';
	const [page, site] = [origin, own ?? ''].map((text) => {
		return URL.canParse(text) ? new URL(text) : undefined;
	});
	if (page === undefined || page.hostname === '' || page.hostname !== site?.hostname) {
		const advice =
			'If it is the origin of the site itself, the proxy in front of the site must pass on the `Host` header.';
		return { kind: 'origin: host', text: `${head} ${allow} ${advice}` };
	}
	if (page.host !== site.host && page.protocol === site.protocol) {
		const advice = 'A proxy in front of the site must pass on the `Host` header with its port.';
		return { kind: 'origin: port', text: `${head} ${advice} ${allow}` };
	}
	const proxy = proxyOf(request, proxies);
	const advice = proxy.isTrusted
		? 'The proxy in front of the site must send `X-Forwarded-Proto`.'
		: `If a proxy in front of the site terminates TLS, it must send \`X-Forwarded-Proto\`, and \`websocket.trustedProxies\` must contain its address ${proxy.address}.`;
	return { kind: 'origin: scheme', text: `${head} ${advice} ${allow}` };
}

/** Explains a refusal by a limit. */
export function explainLimit(
	address: string,
	name: 'maxConnections' | 'maxConnectionsPerIP' | 'rateLimitMaxConnections',
	options: Pick<ResolvedWebSocketOptions, typeof name | 'rateLimitWindow'>,
): Explanation {
	const window = name === 'rateLimitMaxConnections' ? ` in ${options.rateLimitWindow} ms` : '';
	const from = address === '' ? '' : ` from ${address}`;
	const head = `A WebSocket handshake${from} was refused: \`websocket.${name}\` allows ${options[name]}${window}.`;
	const advice =
		name === 'maxConnections'
			? ''
			: ' If that is the address of a proxy, add it to `websocket.trustedProxies`. The limit then counts its clients separately.';
	return { kind: name, text: `${head}${advice}` };
}
