import { UPGRADE, type UpgradeRequest } from '../handshake/upgrade-request.ts';

/** The parts of Astro's middleware that are needed here. */
interface Context {
	readonly request: UpgradeRequest;
}

/**
 * Holds `handshakeTimeout` where a Worker calls Astro's handlers itself, which nothing of the adapter
 * is around. Everything that such a handshake may wait for is behind the first middleware.
 */
export function onRequest({ request }: Context, next: () => Promise<Response>): Promise<Response> {
	const upgrade = request[UPGRADE];
	return upgrade === undefined ? next() : Promise.race([next(), upgrade.late]);
}

/** Where Astro finds this module. */
export const ENTRYPOINT: string = import.meta.url;
