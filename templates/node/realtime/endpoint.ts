/** The route of realtime in a built server. */

import './load-site.ts';
import { hasTrailingSlash } from 'virtual:astro-websocket:realtime';
import { answer, type EndpointContext } from './answer.ts';
import { hub, runtime } from './process-hub.ts';

export const prerender = false;

export function GET(context: EndpointContext): Promise<Response> {
	const { report } = runtime;
	return answer(context, hub, { report, hasTrailingSlash });
}
