import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AllowedDomain } from '../../handshake/allowed-domains.ts';
import { decide } from '../../handshake/decide.ts';
import { SHUTTING_DOWN } from '../../handshake/refusal.ts';
import type { UpgradeContext } from './context.ts';
import type { Host } from './host.ts';
import { rejectForeignOrigin } from './origin.ts';
import { refuse } from './refuse.ts';
import { rejectUnverified } from './verify.ts';

/** A handshake that reached the site through the host's pipeline. */
export interface SiteHandshake {
	readonly request: IncomingMessage;
	readonly response: ServerResponse;
	readonly context: UpgradeContext;
	/** `security.allowedDomains` of the site. */
	readonly allowedDomains: readonly AllowedDomain[];
	/**
	 * Applies the limits, unless they were applied earlier.
	 *
	 * @returns Whether the handshake is within them.
	 */
	admit(): Promise<boolean>;
}

/**
 * Decides whether a handshake continues to the routes of a site, in the order of {@link decide}.
 *
 * @returns `false` if it is answered, or the client no longer waits for a response.
 */
export async function isLetThrough(
	host: Host,
	{ request, response, context, allowedDomains, admit }: SiteHandshake,
): Promise<boolean> {
	const isAnswered = await decide<true>({
		limits: async () => !(await admit()),
		origin() {
			context.origin = host.origin(request);
			return rejectForeignOrigin(request, response, host, allowedDomains);
		},
		async claim() {
			await context.admission?.claim(host.scope, host.hooks);
			return false;
		},
		closing() {
			if (context.admission?.isClosing() !== true) return false;
			refuse(response, SHUTTING_DOWN);
			return true;
		},
		verify: () => rejectUnverified(request, response, context, host.report),
	});
	return isAnswered !== true;
}
