import type { APIRoute } from 'astro';

// What routes look like whose author did not know of `isUpgradeRequest`.
export const GET: APIRoute = ({ locals, request }) =>
	request.headers.get('upgrade') === 'websocket'
		? locals.upgradeWebSocket().response
		: new Response('plain');
