import type { APIRoute } from 'astro';

export const GET: APIRoute = ({ cookies, locals }) => {
	if (cookies.get('token')?.value !== 'secret') return new Response('no token', { status: 401 });
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('open', () => socket.send('welcome'));
	return response;
};
