import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const before = socket.readyState;
	socket.addEventListener('open', () => {
		const { readyState, protocol, extensions, bufferedAmount, url } = socket;
		socket.send(JSON.stringify({ before, readyState, protocol, extensions, bufferedAmount, url }));
	});
	return response;
};
