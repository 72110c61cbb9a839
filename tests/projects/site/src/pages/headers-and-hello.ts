import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ cookies, locals }) => {
	cookies.set('by-context', 'one', { path: '/' });
	const { socket, response } = locals.upgradeWebSocket({
		headers: { 'Set-Cookie': 'by-header=two; Path=/' },
	});
	socket.addEventListener('open', () => socket.send('hello'));
	return response;
};
