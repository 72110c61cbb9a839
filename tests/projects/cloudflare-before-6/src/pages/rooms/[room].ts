import type { APIRoute } from 'astro';

/** Leads a guest into a room: the room's answer is the site's, be it a 101. */
export const GET: APIRoute = ({ cookies, locals, params: { room = '' }, request }) => {
	cookies.set('last-room', room, { path: '/' });
	const { ROOMS } = locals.runtime.env;
	// The runtime of wrangler 3 has no `getByName()`.
	return ROOMS.get(ROOMS.idFromName(room)).fetch(request);
};
