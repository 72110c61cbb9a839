import type { APIRoute } from 'astro';
import { getConnectionId } from 'zastro-websockets-node/connection-manager';
import { manager } from '../../manager';

export const GET: APIRoute = (ctx) => {
	if (!ctx.locals.isUpgradeRequest) {
		return new Response('Upgrade required', { status: 426 });
	}
	const tag = ctx.url.searchParams.get('tag') ?? 'user-session';
	const { response, socket } = ctx.locals.upgradeWebSocket({ data: { page: ctx.url.pathname } });

	socket.addEventListener('open', () => {
		const connectionId = getConnectionId(socket);
		if (connectionId) {
			manager.addConnectionTag(connectionId, tag);
			manager.addConnectionTag(connectionId, 'live');
			manager.setConnectionData(connectionId, 'userId', 'ada');
			manager.setConnectionData(connectionId, 'since', 1_700_000_000);
			socket.send(connectionId);
		}
	});

	return response;
};
