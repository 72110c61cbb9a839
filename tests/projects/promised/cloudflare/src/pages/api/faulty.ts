import type { APIRoute } from 'astro';

export const GET: APIRoute = (ctx) => {
	const { response, socket } = ctx.locals.upgradeWebSocket();
	socket.onmessage = () => {
		throw new Error('in a handler');
	};
	return response;
};
