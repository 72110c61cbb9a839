import type { APIRoute } from 'astro';

/** By mistake: it is so without a word in a site whose `output` is not `'server'`. */
export const prerender = true;

export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return new Response('This is a WebSocket endpoint.');
	return locals.upgradeWebSocket().response;
};
