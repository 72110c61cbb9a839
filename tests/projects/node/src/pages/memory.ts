import type { APIRoute } from 'astro';
import { collected } from '../garbage.js';

/** Sockets that were made on this route and that something still holds. */
let held = 0;
const registry = new FinalizationRegistry(() => {
	held--;
});

/** An echo; over plain HTTP what is left of all echoes. */
export const GET: APIRoute = async ({ locals }) => {
	if (locals.isUpgradeRequest) {
		const { socket, response } = locals.upgradeWebSocket();
		socket.addEventListener('message', ({ data }) => socket.send(data));
		held++;
		registry.register(socket, undefined);
		return response;
	}
	const memory = await collected();
	return Response.json({ held, ...memory });
};
