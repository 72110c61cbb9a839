import type { APIRoute } from 'astro';

/** Closes with a reason of the requested number of bytes, or reports why it cannot. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => {
		try {
			// Two bytes per letter, and one more if the number is odd.
			socket.close(4000, `${'ů'.repeat(Number(data) / 2)}${Number(data) % 2 ? '.' : ''}`);
		} catch (error) {
			socket.send(error instanceof DOMException ? error.name : String(error));
		}
	});
	return response;
};
