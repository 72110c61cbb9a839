import type { APIRoute } from 'astro';
import { manager } from '../../manager';

export const GET: APIRoute = async ({ url }) => {
	const connectionId = url.searchParams.get('id') ?? '';
	const result = await manager.performHealthCheck(connectionId);
	if (!result.healthy) {
		return new Response(`Connection ${connectionId} is unhealthy: ${result.error}`);
	}
	return new Response(`Connection ${connectionId} is healthy`);
};
