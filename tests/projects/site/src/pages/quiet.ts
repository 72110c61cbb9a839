import type { APIRoute } from 'astro';

/** Sends one message after a number of milliseconds. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	setTimeout(
		() => {
			if (socket.readyState === 1) socket.send('still here');
		},
		Number(url.searchParams.get('after')),
	);
	return response;
};
