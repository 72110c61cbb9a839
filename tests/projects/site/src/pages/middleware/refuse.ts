import type { APIRoute } from 'astro';

export const GET: APIRoute = () => new Response('the middleware did not refuse', { status: 500 });
