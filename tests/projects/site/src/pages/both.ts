import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return new Response('plain');
	const { socket, response } = locals.upgradeWebSocket();
	socket.onmessage = ({ data }) => socket.send(data);
	return response;
};

export const POST: APIRoute = async ({ request, locals }) =>
	new Response(`${locals.isUpgradeRequest} ${await request.text()}`, { status: 201 });
