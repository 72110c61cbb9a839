import type { APIRoute } from 'astro';

/** The socket as a stream. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const upperCase = new TransformStream<string | Uint8Array, string>({
		transform(chunk, controller) {
			controller.enqueue(String(chunk).toUpperCase());
		},
	});
	socket.readable
		.pipeThrough(upperCase)
		.pipeTo(socket.writable)
		.catch(() => {});
	return response;
};
