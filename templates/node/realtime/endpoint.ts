/** The route of realtime in a built server. */

import './load-site.ts';
import { hasTrailingSlash } from 'virtual:astro-websocket:realtime';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import { answer } from './answer.ts';
import { hub, runtime } from './process-hub.ts';

export const prerender = false;

export function GET(context: EndpointContext): Promise<Response> {
	const { report } = runtime;
	return answer(context, hub, { report, hasTrailingSlash });
}
