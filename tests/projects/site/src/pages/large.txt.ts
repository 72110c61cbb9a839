import type { APIRoute } from 'astro';

export const prerender = true;

/** A piped file: the pipe waits for the socket to drain. */
export const GET: APIRoute = () => new Response('.'.repeat(1024 * 1024));
