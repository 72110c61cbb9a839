import type { APIRoute } from 'astro';
import { entry, record } from '../../journal';

export const GET: APIRoute = async ({ params: { name = '' }, url }) =>
	new Response(await entry(name, url.searchParams.get('last') ?? ''));

export const POST: APIRoute = async ({ params: { name = '' }, request }) => {
	record(name, await request.text());
	return new Response(null, { status: 204 });
};
