import type { APIRoute } from 'astro';

/** Tells the client by which address the socket and the route know it. */
export const GET: APIRoute = ({ locals, url, clientAddress }) => {
	if (!locals.isUpgradeRequest) return new Response('plain');
	const { socket, response } = locals.upgradeWebSocket();
	socket.onopen = () => socket.send(JSON.stringify([socket.url, url.href, clientAddress]));
	socket.onmessage = ({ data }) => socket.send(data);
	return response;
};
