/**
 * The route of realtime in `astro dev`. The integration loads the site's files: if they fail here,
 * Astro answers each handshake with an error, after which its client reloads the page.
 */

import { hasTrailingSlash } from 'virtual:astro-websocket:realtime';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import { answer } from './answer.ts';
import { hub, runtime } from './process-hub.ts';

export const prerender = false;

export function GET(context: EndpointContext): Promise<Response> {
	const { report } = runtime;
	return answer(context, hub, { report, hasTrailingSlash });
}
