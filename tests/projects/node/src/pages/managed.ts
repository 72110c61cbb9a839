import type { APIRoute } from 'astro';
import { getConnectionId } from 'zastro-websockets-node/connection-manager';
import { record } from '../journal';

/** An echo that sends its id in the manager. */
export const GET: APIRoute = ({ locals, url }) => {
	if (!locals.isUpgradeRequest) return new Response('plain');
	const { socket, response } = locals.upgradeWebSocket({
		tags: url.searchParams.getAll('tag'),
		data: { mood: url.searchParams.get('mood') },
	});
	socket.addEventListener('open', () => socket.send(getConnectionId(socket) ?? 'no id'));
	socket.addEventListener('close', ({ code }) => record('managed-closed', `${code}`));
	socket.addEventListener('message', ({ data }) => socket.send(data));
	return response;
};
