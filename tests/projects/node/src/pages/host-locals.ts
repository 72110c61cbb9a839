import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	const user = `user: ${locals.greet?.() ?? locals.user}`;
	if (!locals.isUpgradeRequest) return new Response(user);
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('open', () => socket.send(user));
	return response;
};
