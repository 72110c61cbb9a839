import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ cookies }) => {
	cookies.set('by-context', 'one', { path: '/' });
	return new Response('who are you?', { status: 401, headers: { 'X-Reason': 'anonymous' } });
};
