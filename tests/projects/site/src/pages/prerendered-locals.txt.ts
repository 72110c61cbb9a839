import type { APIRoute } from 'astro';

export const prerender = true;

/** Reports the locals of a request at build time. */
export const GET: APIRoute = ({ locals }) => {
	try {
		locals.upgradeWebSocket();
	} catch (error) {
		return new Response(`${locals.isUpgradeRequest} ${(error as Error).message}`);
	}
	return new Response('upgraded');
};
