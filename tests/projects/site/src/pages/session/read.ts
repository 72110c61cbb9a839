import type { APIRoute } from 'astro';

export const GET: APIRoute = async ({ session }) =>
	new Response(String((await session?.get('written')) ?? '(nothing)'));
