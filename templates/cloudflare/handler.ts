import { answer, settle } from './answer.ts';
import { site } from './built-site.ts';
import type { SiteApp } from './site.ts';

/** Renders a request for upstream's `handle`. */
export function answerWebSocket(
	request: Request,
	locals: object,
	app: SiteApp,
	render: () => Promise<Response>,
): Promise<Response> {
	return answer(site, request, locals, app, render);
}

/** Settles a handshake by the response that upstream's `handle` has come to. */
export function settleWebSocket<Settled extends Response>(
	request: Request,
	response: Settled,
): Settled {
	settle(request, response);
	return response;
}
