import type { APIRoute } from 'astro';

/** Accepts every handshake that matches no other route. */
export const GET: APIRoute = ({ locals, params }) => {
	if (!locals.isUpgradeRequest) return new Response(null, { status: 426 });
	const { socket, response } = locals.upgradeWebSocket();
	socket.onopen = () => socket.send(`default: ${params.path}`);
	return response;
};
