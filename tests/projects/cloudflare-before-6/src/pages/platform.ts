import type { APIRoute } from 'astro';

/** Sends Cloudflare's values for a route over the socket. */
export const GET: APIRoute = ({ locals }) => {
	const { runtime } = locals;
	const { socket, response } = locals.upgradeWebSocket();
	let waited = 'no';
	runtime.ctx.waitUntil(
		Promise.resolve().then(() => {
			waited = 'yes';
		}),
	);
	socket.addEventListener('message', () => {
		const cf = typeof runtime.cf?.colo;
		socket.send(JSON.stringify({ greeting: runtime.env.GREETING, waited, cf }));
	});
	return response;
};
