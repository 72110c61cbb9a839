import type { APIRoute } from 'astro';

/**
 * Forwards the handshake to an origin and returns its answer, with an additional cookie.
 *
 * With `exactOptionalPropertyTypes`, the Worker types of this wrangler reject a request as the
 * second argument. The headers are enough for a handshake.
 */
export const GET: APIRoute = ({ cookies, request, url }) => {
	cookies.set('by-proxy', 'three', { path: '/' });
	return fetch(new URL(url.searchParams.get('to') ?? '/echo', url), { headers: request.headers });
};
