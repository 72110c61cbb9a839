import type { APIRoute } from 'astro';

/** Closes with a reason of so many bytes, or tells why it cannot. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => {
		try {
			// Two bytes for each letter, and one more where the number is odd.
			socket.close(4000, `${'ů'.repeat(Number(data) / 2)}${Number(data) % 2 ? '.' : ''}`);
		} catch (error) {
			socket.send(error instanceof DOMException ? error.name : String(error));
		}
	});
	return response;
};
