import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals, params: { path } }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('open', () => socket.send(`path: ${path}`));
	return response;
};
