import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AllowedDomain, domainMatcher } from '../../handshake/allowed-domains.ts';
import { isOriginAllowed } from '../../handshake/origin.ts';
import { FORBIDDEN_ORIGIN } from '../../handshake/refusal.ts';
import { clientScheme } from '../http/client-address.ts';
import { explainOrigin } from './explanation.ts';
import { originOf } from './handshake.ts';
import type { Host } from './host.ts';
import { refuse } from './refuse.ts';

/**
 * Answers an upgrade from a forbidden origin with 403.
 *
 * @returns Whether it was answered.
 */
export function rejectForeignOrigin(
	request: IncomingMessage,
	response: ServerResponse,
	host: Host,
	allowedDomains: readonly AllowedDomain[],
): boolean {
	const { headers } = request;
	const own = originOf(clientScheme(request, host.proxies), headers.host);
	const { allowedOrigins } = host.options;
	const isAllowed = isOriginAllowed(
		{ origin: headers.origin, own },
		{ allowedOrigins, isAllowedDomain: domainMatcher(allowedDomains) },
	);
	if (isAllowed) return false;
	refuse(response, FORBIDDEN_ORIGIN, { host, explanation: explainOrigin(request, own, host) });
	return true;
}
