import type { APIRoute } from 'astro';

/** A handler that fails, by throwing or by rejecting. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	if (url.searchParams.has('rejects')) {
		socket.addEventListener('message', async () => {
			await Promise.reject(new Error('rejected by the handler'));
		});
	} else {
		socket.addEventListener('message', () => {
			throw new Error('thrown by the handler');
		});
	}
	return response;
};
