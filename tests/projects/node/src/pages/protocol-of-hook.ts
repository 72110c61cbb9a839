import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('open', () => socket.send(`protocol: ${socket.protocol}`));
	return response;
};
