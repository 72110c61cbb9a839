import type { APIRoute } from 'astro';
import { getConnectionManager } from 'zastro-websockets-node/connection-manager';
import type { Snapshot } from '../../admin';

/** Milliseconds between two snapshots. */
const INTERVAL = 250;

/** The maximum number of shown connections, oldest first. */
const MOST = 100;

/** Sends snapshots to an admin page, and closes the connections that it requests. */
export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) {
		const headers = { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' };
		return new Response(null, { status: 426, headers });
	}
	const { socket, response } = locals.upgradeWebSocket({ tags: ['admin'] });
	const manager = getConnectionManager();
	const show = (): void => {
		const connections = [];
		for (const connection of manager) {
			if (connections.length === MOST) break;
			connections.push(connection.toJSON());
		}
		const snapshot: Snapshot = { at: performance.now(), stats: manager.getStats(), connections };
		socket.send(JSON.stringify(snapshot));
	};
	const timer = setInterval(show, INTERVAL);
	socket.addEventListener('open', show);
	socket.addEventListener('close', () => clearInterval(timer));
	socket.addEventListener('message', ({ data }) => {
		manager.getConnection(String(data))?.close(4001, 'Closed by an operator');
	});
	return response;
};
