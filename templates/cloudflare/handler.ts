import { hooks, options } from 'virtual:astro-cloudflare:websocket';
import { Site, type SiteApp, type SiteState } from './site.ts';

const site = new Site(options, hooks);

/** Renders a request for upstream's `handle`. */
export function answerWebSocket(
	request: Request,
	locals: object,
	app: SiteApp,
	render: () => Promise<Response>,
): Promise<Response> {
	return site.answer(request, locals, app, render);
}

/** Settles a handshake by the response that upstream's `handle` has come to. */
export function settleWebSocket<Settled extends Response>(
	request: Request,
	response: Settled,
): Settled {
	site.settle(request, response);
	return response;
}

/** Admits a request for upstream's `cf`. */
export function admitWebSocket(state: SiteState, app: SiteApp): Promise<Response | undefined> {
	return site.admit(state, app);
}
