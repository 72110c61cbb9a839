import type { APIRoute } from 'astro';

/** Prerendered by mistake: without `output: 'server'`, that is the silent default. */
export const prerender = true;

export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return new Response('This is a WebSocket endpoint.');
	return locals.upgradeWebSocket().response;
};
