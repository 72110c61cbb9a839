import type { APIRoute } from 'astro';
import { entry, record } from '../journal';

/** Counts present and departed clients, and answers only when the journal allows it. */
const counts = { here: 0, gone: 0 };

export const GET: APIRoute = async ({ locals, request, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', ({ data }) => socket.send(data));
	socket.addEventListener('close', ({ code }) => {
		if (code === 1006) record('crowd-gone', `${++counts.gone}`);
	});
	record('crowd-here', `${++counts.here}`);
	const go = `crowd-go-${url.searchParams.get('wave')}`;
	while ((await entry(go)) === '(nothing)' && !request.signal.aborted);
	return response;
};
