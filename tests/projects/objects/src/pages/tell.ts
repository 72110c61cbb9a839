import { env } from 'cloudflare:workers';
import type { APIRoute } from 'astro';

export const POST: APIRoute = async ({ request }) => {
	await env.TELLING.send(await request.text());
	return new Response(null, { status: 204 });
};
