import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ locals, session, url }) => {
	session?.set('written', url.searchParams.get('value') ?? '');
	return locals.upgradeWebSocket().response;
};
