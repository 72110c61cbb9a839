import type { APIRoute } from 'astro';

export const prerender = true;

/** A file that is piped: the pipe waits for the socket to drain. */
export const GET: APIRoute = () => new Response('.'.repeat(1024 * 1024));
