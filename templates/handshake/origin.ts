/** The part of a handshake that decides whether its origin may connect. */
export interface OriginRequest {
	/** The `Origin` header. */
	readonly origin: string | null | undefined;
	/** The origin of the handshake's own address, if that can be told. */
	readonly own: string | undefined;
}

/** Where else than from its own origin a site may be connected to. */
export interface OriginPolicy {
	/** `websocket.allowedOrigins`, each as the source of a regular expression. */
	readonly allowedOrigins: readonly string[];
	/** Whether an entry of Astro's `security.allowedDomains` matches. */
	isAllowedDomain(host: string, protocol: string): boolean | undefined;
}

/**
 * Whether the handshake may go on (RFC 6455 section 10.2). Browsers send cookies along with
 * handshakes from any page, and neither the same-origin policy nor Astro's `checkOrigin`, which
 * passes over GET, stops them.
 *
 * Without an `Origin` header the client is no browser, so there are no borrowed cookies to guard.
 */
export function isOriginAllowed(
	{ origin, own }: OriginRequest,
	{ allowedOrigins, isAllowedDomain }: OriginPolicy,
): boolean {
	const page = origin ?? own;
	if (page === own || page === undefined) return true;
	if (allowedOrigins.some((allowed) => new RegExp(allowed).test(page))) return true;
	// The origins of sandboxed frames, of apps and of extensions have to be named.
	const [, scheme, host] = /^(https?):\/\/([^/]+)$/.exec(page) ?? [];
	return host !== undefined && isAllowedDomain(host, scheme ?? '') === true;
}
