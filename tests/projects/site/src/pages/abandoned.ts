import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Upgrades, but never returns the socket's response. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket } = locals.upgradeWebSocket();
	socket.addEventListener('error', () => record(url.searchParams.get('journal') ?? '', 'error'));
	socket.addEventListener('close', ({ code }) =>
		record(url.searchParams.get('journal') ?? '', `${code}`),
	);
	return new Response('changed its mind', { status: 403 });
};
