import { env } from 'cloudflare:workers';
import type { APIRoute } from 'astro';

/** Forwards a guest to a room and returns the room's answer, including a 101. */
export const GET: APIRoute = ({ cookies, params: { room = '' }, request }) => {
	cookies.set('last-room', room, { path: '/' });
	return env.ROOMS.getByName(room).fetch(request);
};
