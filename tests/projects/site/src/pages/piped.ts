import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.readable.pipeTo(socket.writable).catch(() => {});
	return response;
};
