import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals }) => {
	locals.upgradeWebSocket();
	try {
		return locals.upgradeWebSocket().response;
	} catch (error) {
		return new Response(error instanceof Error ? error.message : 'no error', { status: 409 });
	}
};
