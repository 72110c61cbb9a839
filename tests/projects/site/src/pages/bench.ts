import type { APIRoute } from 'astro';

/** What the benchmarks are run against. */
export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return new Response('plain');
	const { socket, response } = locals.upgradeWebSocket();
	// A Blob would have to be read before it could be sent.
	socket.binaryType = 'arraybuffer';
	socket.addEventListener('message', ({ data }) => socket.send(data));
	return response;
};
