import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Records every event, from listeners and from handlers. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const journal = url.searchParams.get('journal') ?? '';
	for (const type of ['open', 'message', 'error', 'close'] as const) {
		socket.addEventListener(type, () => record(journal, type));
	}
	socket.onopen = () => record(journal, 'onopen');
	socket.onmessage = () => record(journal, 'onmessage');
	socket.onclose = () => record(journal, 'onclose');
	return response;
};
