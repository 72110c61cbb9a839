import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ cookies, locals }) => {
	cookies.set('by-context', 'one', { path: '/' });
	return locals.upgradeWebSocket({
		headers: { 'X-Greeting': 'hello', 'Set-Cookie': 'by-header=two' },
	}).response;
};
