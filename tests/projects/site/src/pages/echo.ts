import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => socket.send(data));
	return response;
};
