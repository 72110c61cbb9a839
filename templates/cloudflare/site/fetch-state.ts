import type { PlatformContext } from '../connection/platform.ts';
import type { Upgrade } from '../handshake/upgrade.ts';
import { UPGRADE, type UpgradeRequest } from '../handshake/upgrade-request.ts';
import type { Site, SiteApp } from './site.ts';

/** The used part of Astro's `FetchState`. */
export interface SiteState {
	readonly request: UpgradeRequest;
	readonly locals: object;
	response?: Response | undefined;
}

/**
 * Admits a request of a Worker that calls Astro's handlers itself.
 *
 * @returns The refusal of a handshake that is not admitted.
 */
export async function admitState(
	site: Site,
	state: SiteState,
	app: SiteApp,
	context: PlatformContext,
): Promise<Response | undefined> {
	// Upstream's `handle` has called this Worker: it has admitted the request, and will settle it.
	if (state.request[UPGRADE] !== undefined) return undefined;
	const admitted = await site.admit(state.request, state.locals, app, context);
	if (admitted === undefined || admitted instanceof Response) return admitted;
	settleByState(state, admitted);
	return undefined;
}

/**
 * Settles by the last response that Astro's handlers leave in their state. The state does not show
 * what the Worker does with the response later.
 */
function settleByState(state: SiteState, upgrade: Upgrade): void {
	let { response } = state;
	let timer: ReturnType<typeof setTimeout> | undefined;
	Object.defineProperty(state, 'response', {
		configurable: true,
		enumerable: true,
		get: () => response,
		set(next: Response | undefined) {
			response = next;
			clearTimeout(timer);
			if (next === undefined) return;
			// The headers may be gone by then.
			const isAccepted = upgrade.isAcceptedBy(next);
			timer = setTimeout(() => upgrade.settle(isAccepted), 0);
		},
	});
}
