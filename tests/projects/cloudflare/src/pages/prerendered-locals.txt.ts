import type { APIRoute } from 'astro';

export const prerender = true;

/** What a request has that is made while the site is built. */
export const GET: APIRoute = ({ locals }) => new Response(`${locals.isUpgradeRequest}`);
