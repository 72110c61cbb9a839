import type { APIRoute } from 'astro';

/** Sends the client its address as known by the socket and by the route. */
export const GET: APIRoute = ({ locals, url, clientAddress }) => {
	if (!locals.isUpgradeRequest) return new Response('plain');
	const { socket, response } = locals.upgradeWebSocket();
	socket.onopen = () => socket.send(JSON.stringify([socket.url, url.href, clientAddress]));
	socket.onmessage = ({ data }) => socket.send(data);
	return response;
};
