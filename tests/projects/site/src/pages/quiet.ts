import type { APIRoute } from 'astro';

/** Says something once, after so many milliseconds. */
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
