import type { APIRoute } from 'astro';
import { ConnectionManagerAPI } from 'zastro-websockets-node/connection-manager';

export const GET: APIRoute = async () => {
	await ConnectionManagerAPI.shutdown({
		timeout: 10_000,
		closeCode: 4001,
		closeReason: 'Moving house',
	});
	return new Response('down');
};
