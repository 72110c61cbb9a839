import type { APIRoute } from 'astro';

/** Changes the session after it was saved. */
export const GET: APIRoute = ({ locals, session }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => {
		try {
			session?.set('written', data);
			socket.send('changed');
		} catch (error) {
			socket.send((error as Error).message);
		}
	});
	return response;
};
