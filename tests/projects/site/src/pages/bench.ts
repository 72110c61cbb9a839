import type { APIRoute } from 'astro';

/** The target of the benchmarks. */
export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return new Response('plain');
	const { socket, response } = locals.upgradeWebSocket();
	// A Blob would have to be read before sending.
	socket.binaryType = 'arraybuffer';
	socket.addEventListener('message', ({ data }) => socket.send(data));
	return response;
};
