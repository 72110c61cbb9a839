import type { APIRoute } from 'astro';
import { collected } from '../garbage.js';

/** The number of sockets from this route that are still referenced. */
let held = 0;
const registry = new FinalizationRegistry(() => {
	held--;
});

/** An echo. Over plain HTTP, returns the memory left behind by all echoes. */
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
