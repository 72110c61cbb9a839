import type { APIRoute } from 'astro';

/** Forwards the handshake to an origin and returns its answer, with an additional cookie. */
export const GET: APIRoute = ({ cookies, request, url }) => {
	cookies.set('by-proxy', 'three', { path: '/' });
	return fetch(new URL(url.searchParams.get('to') ?? '/echo', url), request);
};
