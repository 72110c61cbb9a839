import type { APIRoute } from 'astro';

export const prerender = true;

/** What the locals of a request say that is made while the site is built. */
export const GET: APIRoute = ({ locals }) => {
	try {
		locals.upgradeWebSocket();
	} catch (error) {
		return new Response(`${locals.isUpgradeRequest} ${(error as Error).message}`);
	}
	return new Response('upgraded');
};
