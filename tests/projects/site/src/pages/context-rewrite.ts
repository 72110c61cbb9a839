import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ rewrite }) => rewrite('/echo');
