/** The parts of a handshake that decide about its origin. */
export interface OriginRequest {
	/** The `Origin` header. */
	readonly origin: string | null | undefined;
	/** The origin of the handshake's own URL, if known. */
	readonly own: string | undefined;
}

/** Further origins that may connect to a site. */
export interface OriginPolicy {
	/** `websocket.allowedOrigins`. Each entry is the source of a regular expression. */
	readonly allowedOrigins: readonly string[];
	/** Whether an entry of Astro's `security.allowedDomains` matches. */
	isAllowedDomain(host: string, protocol: string): boolean | undefined;
}

/**
 * Whether the origin of a handshake may connect (RFC 6455 section 10.2). Browsers send cookies with
 * handshakes from any page. Neither the same-origin policy nor Astro's `checkOrigin`, which skips
 * GET, stops them.
 *
 * Without an `Origin` header the client is no browser, so there are no cookies of a user to
 * protect.
 */
export function isOriginAllowed(
	{ origin, own }: OriginRequest,
	{ allowedOrigins, isAllowedDomain }: OriginPolicy,
): boolean {
	const page = origin ?? own;
	if (page === own || page === undefined) return true;
	if (allowedOrigins.some((allowed) => new RegExp(allowed).test(page))) return true;
	// The origins of sandboxed frames, apps and extensions must be listed by name.
	const [, scheme, host] = /^(https?):\/\/([^/]+)$/.exec(page) ?? [];
	return host !== undefined && isAllowedDomain(host, scheme ?? '') === true;
}
