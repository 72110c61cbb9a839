import type { APIRoute } from 'astro';

export const GET: APIRoute = (ctx) => {
	if (ctx.locals.isUpgradeRequest) {
		const { response, socket } = ctx.locals.upgradeWebSocket();

		socket.onopen = () => {
			console.log('WebSocket opened');
		};

		socket.onmessage = (event) => {
			console.log('Message:', event.data);
			if (event.data === 'ping') {
				socket.send('pong');
			}
		};

		socket.onclose = () => {
			console.log('WebSocket closed');
		};

		socket.onerror = (error) => {
			console.error('WebSocket error:', error);
		};

		return response;
	}

	return new Response('Upgrade required', { status: 426 });
};
