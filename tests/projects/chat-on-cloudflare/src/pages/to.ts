import { socket } from 'zastro:realtime';
import type { APIRoute } from 'astro';

/** Sends to 100 users, as many as one call takes. */
export const GET: APIRoute = async () => {
	const others = Array.from({ length: 99 }, (_, number) => `user ${number}`);
	await socket.to(['Ada', ...others]).send('hello');
	return new Response('sent');
};
