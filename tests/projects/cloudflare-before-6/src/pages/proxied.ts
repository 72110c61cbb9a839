import type { APIRoute } from 'astro';

/**
 * Hands the handshake on to an origin, and its answer back, with a cookie of its own.
 *
 * The types of Workers that this wrangler writes do not take a request as the second argument where
 * `exactOptionalPropertyTypes` is on. The headers are all that a handshake is made of.
 */
export const GET: APIRoute = ({ cookies, request, url }) => {
	cookies.set('by-proxy', 'three', { path: '/' });
	return fetch(new URL(url.searchParams.get('to') ?? '/echo', url), { headers: request.headers });
};
