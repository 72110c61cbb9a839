/** Code that a site may write with the Worker types. This file is compiled, never run. */
import type { APIContext } from 'astro';

export function hands({ locals }: APIContext): Response {
	const { socket, response } = locals.upgradeWebSocket();
	// The Worker type has members that only the runtime's own sockets have.
	pump(socket as unknown as WebSocket);
	return response;
}

function pump(socket: WebSocket): void {
	socket.addEventListener('message', ({ data }) => socket.send(data));
}
