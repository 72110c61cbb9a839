import type { APIRoute } from 'astro';

/** HTTP and WebSocket on one route. */
export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return Response.json({ hello: 'world' });
	const { socket, response } = locals.upgradeWebSocket();
	socket.onopen = () => socket.send('hello client');
	socket.onmessage = ({ data }) => {
		if (data === 'fail') throw new Error('in a handler');
		socket.send(data);
	};
	return response;
};
