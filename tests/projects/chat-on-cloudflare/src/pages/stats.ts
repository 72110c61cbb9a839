import type { APIRoute } from 'astro';
import { getChannelStats } from 'zastro-websockets-cloudflare/stats';

export const GET: APIRoute = async ({ url }) => {
	const room = url.searchParams.get('room') ?? '';
	return Response.json(await getChannelStats('rooms/[room]', { room }));
};
