import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AllowedDomain, isAllowedDomain } from '../shared/allowed-domains.ts';
import { isOriginAllowed } from '../shared/origin.ts';
import { FORBIDDEN_ORIGIN } from '../shared/refusal.ts';
import { refuse } from './refuse.ts';

/** The two lists of the site's configuration. */
export interface AllowedOrigins {
	/** `websocket.allowedOrigins`. */
	readonly allowedOrigins: readonly string[];
	/** Astro's `security.allowedDomains`. */
	readonly allowedDomains: readonly AllowedDomain[];
}

/** Answers an upgrade from an origin that may not connect with a 403. */
export function rejectForeignOrigin(
	request: IncomingMessage,
	response: ServerResponse,
	{ allowedOrigins, allowedDomains }: AllowedOrigins,
): boolean {
	const { origin, host } = request.headers;
	const isAllowed = isOriginAllowed(
		{ origin, host },
		{
			allowedOrigins,
			isAllowedDomain: (url) => allowedDomains.some((domain) => isAllowedDomain(url, domain)),
		},
	);
	if (isAllowed) return false;
	refuse(response, FORBIDDEN_ORIGIN);
	return true;
}
