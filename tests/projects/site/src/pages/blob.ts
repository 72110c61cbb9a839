import type { APIRoute } from 'astro';

/**
 * Sends a Blob between two texts. The Blob must be read first, and the second text must not
 * overtake it.
 */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('open', () => {
		socket.send('before');
		socket.send(new Blob([new Uint8Array([1, 2, 3])]));
		socket.send('after');
	});
	return response;
};
