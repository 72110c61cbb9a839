import { UPGRADE, type UpgradeRequest } from '../handshake/upgrade-request.ts';

/** The used part of Astro's middleware context. */
interface Context {
	readonly request: UpgradeRequest;
}

/**
 * Enforces `handshakeTimeout` if a Worker calls Astro's handlers itself, without the adapter around
 * them. Everything such a handshake may wait for runs behind the first middleware.
 */
export function onRequest({ request }: Context, next: () => Promise<Response>): Promise<Response> {
	const upgrade = request[UPGRADE];
	return upgrade === undefined ? next() : Promise.race([next(), upgrade.late]);
}

/** The URL of this module for Astro. */
export const ENTRYPOINT: string = import.meta.url;
