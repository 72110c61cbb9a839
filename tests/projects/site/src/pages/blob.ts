import type { APIRoute } from 'astro';

/** Sends a Blob between two texts: it has to be read first, and must not be overtaken. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('open', () => {
		socket.send('before');
		socket.send(new Blob([new Uint8Array([1, 2, 3])]));
		socket.send('after');
	});
	return response;
};
