import type { PlatformContext } from '../connection/platform.ts';
import { admitState, type SiteState } from './fetch-state.ts';
import type { SiteApp } from './site.ts';
import { webSockets } from './site-instance.ts';

/** Admits a request for upstream's `cf`. */
export function admitWebSocket(
	state: SiteState,
	app: SiteApp,
	context: PlatformContext,
): Promise<Response | undefined> {
	return admitState(webSockets, state, app, context);
}
