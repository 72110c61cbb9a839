import type { APIRoute } from 'astro';
import { ConnectionManagerAPI } from 'zastro-websockets-node/connection-manager';
import { manager } from '../../manager';

export const GET: APIRoute = async ({ url }) => {
	const stats = ConnectionManagerAPI.getStats();
	const { status } = await ConnectionManagerAPI.healthCheck();
	const sessions = manager.getConnectionsByTag(url.searchParams.get('tag') ?? 'user-session');
	return Response.json({
		active: stats.totalManagedConnections,
		status,
		sessions: sessions.map(({ id, data }) => ({ id, data })),
	});
};
