import { type AllowedDomain, domainMatcher } from './allowed-domains.ts';

/**
 * The origin of Astro's `context.url`, since Astro 6. `X-Forwarded-Proto`, `X-Forwarded-Host` and
 * `X-Forwarded-Port` replace its parts if `security.allowedDomains` allows them. It repeats the
 * rules of Astro's `FetchState`, which is created too late: when the request is rendered.
 *
 * @param origin The origin of the request itself.
 * @param header Returns the value of a request header.
 */
export function forwardedOrigin(
	origin: string,
	header: (name: string) => string | undefined,
	domains: readonly AllowedDomain[],
): string {
	if (domains.length === 0) return origin;
	const [proto, host, port] = ['proto', 'host', 'port'].map((part) => {
		// Astro takes the first of several values.
		return header(`x-forwarded-${part}`)?.split(',')[0]?.trim();
	});
	const url = new URL(origin);
	const protocol = proto !== undefined && isAllowedProtocol(proto, domains) ? proto : undefined;
	if (protocol !== undefined) url.protocol = protocol;
	const allowedPort = domains.some((domain) => port && domain.port === port) ? port : undefined;
	const [, name, namedPort] = /^([^/\\:]+)(?::([^/\\:]*))?$/.exec(host ?? '') ?? [];
	if (name !== undefined) {
		const checkedPort = allowedPort ?? namedPort;
		const checked = checkedPort ? `${name}:${checkedPort}` : name;
		if (domainMatcher(domains)(checked, protocol ?? 'https')) {
			url.hostname = name;
			url.port = namedPort ?? '';
		}
	}
	if (allowedPort !== undefined) url.port = allowedPort;
	return url.origin;
}

function isAllowedProtocol(protocol: string, domains: readonly AllowedDomain[]): boolean {
	if (!domains.some((domain) => domain.protocol !== undefined)) return /^https?$/.test(protocol);
	return domains.some((domain) => (domain.protocol ?? protocol) === protocol);
}
