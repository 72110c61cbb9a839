import type { APIRoute } from 'astro';
import { record } from '../journal';

export const GET: APIRoute = ({ locals, url }) => {
	const { socket } = locals.upgradeWebSocket();
	socket.addEventListener('close', ({ code }) =>
		record(url.searchParams.get('journal') ?? '', `${code}`),
	);
	throw new Error('thrown after the upgrade');
};
