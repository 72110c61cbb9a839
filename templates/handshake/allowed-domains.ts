/** An entry of Astro's `security.allowedDomains`, available since Astro 5.15. */
export interface AllowedDomain {
	/** Without a colon. */
	readonly protocol?: string | undefined;
	/** A leading `*.` matches one label, `**.` one or more. */
	readonly hostname?: string | undefined;
	readonly port?: string | undefined;
	readonly pathname?: string | undefined;
}

/** Whether an entry matches, like `matchesAllowedDomains` of Astro's app. */
export type DomainMatcher = (host: string, protocol: string) => boolean;

/** The matcher of a list of entries. */
export function domainMatcher(domains: readonly AllowedDomain[]): DomainMatcher {
	return (host, protocol) => {
		const origin = `${protocol}://${host}`;
		return (
			URL.canParse(origin) && domains.some((domain) => isAllowedDomain(new URL(origin), domain))
		);
	};
}

/**
 * Whether an entry matches an origin. Missing fields match anything.
 *
 * The rules are those of Astro's `matchPattern`, exported only by some of the supported versions.
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
		// An origin has no path: an entry with a path is for requests only.
		(!pathname || pathname === '/')
	);
}
