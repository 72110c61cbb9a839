import type { APIRoute } from 'astro';

/** Forwards a guest to a room and returns the room's answer, including a 101. */
export const GET: APIRoute = ({ cookies, locals, params: { room = '' }, request }) => {
	cookies.set('last-room', room, { path: '/' });
	const { ROOMS } = locals.runtime.env;
	// The runtime of wrangler 3 has no `getByName()`.
	return ROOMS.get(ROOMS.idFromName(room)).fetch(request);
};
