import type { APIRoute } from 'astro';

/** Hands the handshake on to an origin, and its answer back, with a cookie of its own. */
export const GET: APIRoute = ({ cookies, request, url }) => {
	cookies.set('by-proxy', 'three', { path: '/' });
	return fetch(new URL(url.searchParams.get('to') ?? '/echo', url), request);
};
