import type { APIRoute } from 'astro';
import { getConnectionManager } from 'zastro-websockets-node/connection-manager';

/** The target of the benchmarks, with every feature of the manager. */
const manager = getConnectionManager({ enableHealthMonitoring: true });
let events = 0;
const count = (): void => {
	events++;
};
manager.on('connection:added', count).on('connection:removed', count);
manager.on('connection:health', count);
manager.getStats();

export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return new Response(String(events));
	const { socket, response } = locals.upgradeWebSocket({ tags: ['bench'] });
	// A Blob would have to be read before sending.
	socket.binaryType = 'arraybuffer';
	socket.addEventListener('message', ({ data }) => socket.send(data));
	return response;
};
