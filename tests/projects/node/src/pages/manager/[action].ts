import type { APIRoute } from 'astro';
import {
	ConnectionManagerAPI,
	getConnectionManager,
} from 'zastro-websockets-node/connection-manager';
import { getConnectionCount, metricsResponse } from 'zastro-websockets-node/stats';

/** The queries and actions of an operator. */
export const GET: APIRoute = async ({ params: { action }, url: { searchParams } }) => {
	const manager = getConnectionManager();
	const id = searchParams.get('id') ?? '';
	const tag = searchParams.get('tag') ?? '';
	switch (action) {
		case 'stats':
			return Response.json(ConnectionManagerAPI.getStats());
		case 'count':
			return new Response(String(getConnectionCount()));
		case 'metrics':
			return metricsResponse();
		case 'list':
			return Response.json(tag === '' ? [...manager] : manager.getConnectionsByTag(tag));
		case 'tag':
			return Response.json(manager.addConnectionTag(id, tag));
		case 'data':
			for (const [key, value] of searchParams) {
				if (key !== 'id') manager.setConnectionData(id, key, value);
			}
			return Response.json(manager.getConnectionData(id) ?? null);
		case 'close':
			return Response.json(
				ConnectionManagerAPI.closeConnections(
					{ tags: [tag] },
					{ closeCode: 4001, closeReason: 'cleared' },
				),
			);
		case 'check':
			return Response.json(
				await manager.performHealthCheck(id, { timeout: Number(searchParams.get('timeout')) }),
			);
		case 'health':
			return Response.json(await ConnectionManagerAPI.healthCheck({ timeout: 2000 }));
		case 'shutdown':
			return Response.json(await ConnectionManagerAPI.shutdown({ timeout: 5000 }));
		case 'drain':
			return Response.json(await manager.drain({ over: Number(searchParams.get('over')) }));
		case 'contradict':
			return new Response(contradiction(), { status: 409 });
	}
	return new Response('no such action', { status: 404 });
};

function contradiction(): string {
	try {
		getConnectionManager({ maxConnections: 77 });
		return 'accepted';
	} catch (error) {
		return String(error);
	}
}
