import { channels } from 'zastro:realtime';
import type { APIRoute } from 'astro';

const room = channels.bench({ room: '0' });

/** Publishes every message to a room. */
export const GET: APIRoute = ({ locals }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => {
		void room.publish('said', { text: String(data) });
	});
	return response;
};
