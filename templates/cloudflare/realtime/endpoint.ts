/** The route of realtime. */

import './load-site.ts';
import { hasTrailingSlash } from 'virtual:astro-cloudflare:realtime';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import { answer } from './answer.ts';
import { randomSecret } from './base/random.ts';
import { report } from './base/report.ts';
import { currentSite, objectOf } from './worker-runtime.ts';

export const prerender = false;

export function GET(context: EndpointContext): Promise<Response> {
	return answer(context, currentSite(), {
		objectOf,
		report,
		hasTrailingSlash,
		secret: randomSecret,
	});
}
