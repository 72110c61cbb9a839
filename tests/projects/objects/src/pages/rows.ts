import { env } from 'cloudflare:workers';
import type { APIRoute } from 'astro';

export const GET: APIRoute = async () =>
	new Response(String(await env.COUNTERS.getByName('all').rows()));
