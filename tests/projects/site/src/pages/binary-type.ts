import type { APIRoute } from 'astro';

/** Tells as what binary messages arrive, first by default and then as it is asked for. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => {
		if (data === 'arraybuffer' || data === 'blob') socket.binaryType = data;
		else socket.send(`${socket.binaryType} ${Object.prototype.toString.call(data)}`);
	});
	return response;
};
