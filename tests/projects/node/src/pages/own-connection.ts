import type { APIRoute } from 'astro';

/** Rejects every handshake with a `Connection` header of its own. */
export const GET: APIRoute = () =>
	new Response('Not here.', {
		status: 426,
		headers: { Connection: 'Upgrade', Upgrade: 'websocket' },
	});
