import type { APIRoute } from 'astro';

// A route by an author who does not know `isUpgradeRequest`.
export const GET: APIRoute = ({ locals, request }) =>
	request.headers.get('upgrade') === 'websocket'
		? locals.upgradeWebSocket().response
		: new Response('plain');
