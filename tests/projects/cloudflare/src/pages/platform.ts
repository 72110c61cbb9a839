import { env } from 'cloudflare:workers';
import type { APIRoute } from 'astro';

/** Sends Cloudflare's values for a route over the socket. */
export const GET: APIRoute = ({ locals, request }) => {
	const { socket, response } = locals.upgradeWebSocket();
	let waited = 'no';
	locals.cfContext.waitUntil(
		Promise.resolve().then(() => {
			waited = 'yes';
		}),
	);
	socket.addEventListener('message', () => {
		const cf = typeof request.cf?.colo;
		socket.send(JSON.stringify({ greeting: env.GREETING, waited, cf }));
	});
	return response;
};
