import type { APIRoute } from 'astro';
import { type AstroWebSocket, broadcast } from 'zastro-websockets-node/websocket';

/** The listeners of each hall. */
const halls = new Map<string, Set<AstroWebSocket>>();

/** Sends a message to all listeners, in the way that the sender's URL names. */
const ways = {
	loop(listeners: Set<AstroWebSocket>, data: string) {
		for (const listener of listeners) listener.send(data);
	},
	broadcast,
	both(listeners: Set<AstroWebSocket>, data: string) {
		ways.loop(listeners, `${data} of the loop`);
		broadcast(listeners, `${data} of the broadcast`);
	},
	/** 64 KiB. */
	large(listeners: Set<AstroWebSocket>) {
		broadcast(listeners, new Uint8Array(64 * 1024));
	},
};

export const GET: APIRoute = ({ locals, url }) => {
	const name = url.searchParams.get('hall') ?? '';
	const listeners = halls.get(name) ?? new Set();
	halls.set(name, listeners);
	if (!locals.isUpgradeRequest) return new Response(String(listeners.size));
	const { socket, response } = locals.upgradeWebSocket();
	const way = url.searchParams.get('by');
	if (way === null) {
		listeners.add(socket);
		socket.addEventListener('close', () => listeners.delete(socket));
	} else {
		const send = ways[way as keyof typeof ways];
		socket.addEventListener('message', ({ data }) => send(listeners, String(data)));
	}
	return response;
};
