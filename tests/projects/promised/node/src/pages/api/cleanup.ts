import type { APIRoute } from 'astro';
import { ConnectionManagerAPI } from 'zastro-websockets-node/connection-manager';

export const GET: APIRoute = ({ url }) => {
	const closedCount = ConnectionManagerAPI.closeConnections({
		idleMoreThan: Number(url.searchParams.get('idle')),
		tags: [url.searchParams.get('tag') ?? 'temporary'],
	});
	return Response.json({ closedCount });
};
