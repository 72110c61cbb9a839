import type { APIRoute } from 'astro';

/** Sends the type of binary messages, first the default and then the requested one. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => {
		if (data === 'arraybuffer' || data === 'blob') socket.binaryType = data;
		else socket.send(`${socket.binaryType} ${Object.prototype.toString.call(data)}`);
	});
	return response;
};
