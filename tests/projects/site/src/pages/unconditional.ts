import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	try {
		return locals.upgradeWebSocket().response;
	} catch (error) {
		return new Response(error instanceof Error ? error.message : 'no error', {
			status: 426,
			headers: { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
		});
	}
};
