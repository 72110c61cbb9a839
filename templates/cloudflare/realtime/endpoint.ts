/** The route of realtime. */

import './load-site.ts';
import { hasTrailingSlash } from 'virtual:astro-cloudflare:realtime';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import { answer } from './answer.ts';
import { randomSecret } from './base/random.ts';
import { report } from './base/report.ts';
import { objectOf, siteOfWorker } from './worker-runtime.ts';

export const prerender = false;

export function GET(context: EndpointContext): Promise<Response> {
	return answer(context, siteOfWorker(), {
		objectOf: (name) => ({
			async fetch(request) {
				// The headers of an object's response are immutable: the site's middleware could set none.
				return new Response(null, await objectOf(name).fetch(request));
			},
		}),
		report,
		hasTrailingSlash,
		secret: randomSecret,
	});
}
