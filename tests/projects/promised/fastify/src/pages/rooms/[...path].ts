import type { APIRoute } from 'astro';

/** Takes every handshake that no other route takes. */
export const GET: APIRoute = ({ locals, params }) => {
	if (!locals.isUpgradeRequest) return new Response(null, { status: 426 });
	const { socket, response } = locals.upgradeWebSocket();
	socket.onopen = () => socket.send(`default: ${params.path}`);
	return response;
};
