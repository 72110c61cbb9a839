import { type AllowedDomain, isAllowedDomain } from './allowed-domains.ts';

/** The part of a handshake that decides whether its origin may connect. */
export interface OriginRequest {
	/** The `Origin` header. */
	readonly origin: string | null | undefined;
	/** The `Host` header as the client or the nearest proxy sent it. */
	readonly host: string | undefined;
}

/** Where else than from its own origin a site may be connected to. */
export interface OriginPolicy {
	/** `websocket.allowedOrigins`, each as `URL.origin` writes it. */
	readonly allowedOrigins: readonly string[];
	/** Astro's `security.allowedDomains`. */
	readonly allowedDomains: readonly AllowedDomain[];
}

/**
 * Whether the handshake may go on (RFC 6455 section 10.2). Browsers send cookies along with
 * handshakes from any page, and neither the same-origin policy nor Astro's `checkOrigin`, which
 * passes over GET, stops them.
 *
 * Without an `Origin` header the client is no browser, so there are no borrowed cookies to guard.
 */
export function isOriginAllowed(
	{ origin, host }: OriginRequest,
	{ allowedOrigins, allowedDomains }: OriginPolicy,
): boolean {
	if (origin === undefined || origin === null) return true;
	if (!URL.canParse(origin)) return false;
	const url = new URL(origin);
	// The scheme is the origin's own: behind a proxy that ends TLS the server does not know which one
	// the client used. Parsing the header with it makes `example.com:443` equal to `example.com`.
	const own = `${url.protocol}//${host}`;
	return (
		// Also what a sandboxed frame or a `file:` page sends.
		url.origin !== 'null' &&
		((host !== undefined && URL.canParse(own) && new URL(own).host === url.host) ||
			allowedOrigins.includes(url.origin) ||
			allowedDomains.some((domain) => isAllowedDomain(url, domain)))
	);
}
