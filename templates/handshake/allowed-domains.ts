/** An entry of Astro's `security.allowedDomains`, which Astro knows since 5.15. */
export interface AllowedDomain {
	/** Without a colon. */
	readonly protocol?: string | undefined;
	/** `*.` stands for one label before the rest, `**.` for one or more. */
	readonly hostname?: string | undefined;
	readonly port?: string | undefined;
	readonly pathname?: string | undefined;
}

/** What tells whether one of the entries matches, as `matchesAllowedDomains` of Astro's app does. */
export type DomainMatcher = (host: string, protocol: string) => boolean;

/** The matcher of a list. */
export function domainMatcher(domains: readonly AllowedDomain[]): DomainMatcher {
	return (host, protocol) => {
		const origin = `${protocol}://${host}`;
		return (
			URL.canParse(origin) && domains.some((domain) => isAllowedDomain(new URL(origin), domain))
		);
	};
}

/**
 * Whether an origin is the one that an entry describes. What the entry leaves out may be anything.
 *
 * The same rules as Astro's `matchPattern`, which only some of the supported versions export.
 */
export function isAllowedDomain(
	origin: URL,
	{ protocol, hostname, port, pathname }: AllowedDomain,
): boolean {
	const name = origin.hostname;
	return (
		(!protocol || origin.protocol === `${protocol}:`) &&
		(!hostname ||
			hostname === name ||
			hostname === name.replace(/^[^.]+\./, '*.') ||
			(hostname.startsWith('**.') && name.slice(1).endsWith(hostname.slice(2)))) &&
		(!port || origin.port === port) &&
		// An origin has no path: an entry for one is for requests only.
		(!pathname || pathname === '/')
	);
}
