import type { APIRoute } from 'astro';
import { entry } from '../journal';

/** Attaches its handler long after the first messages have arrived. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	if (url.searchParams.has('printed')) console.log(socket);
	void entry(url.searchParams.get('journal') ?? '').then(() => {
		socket.addEventListener('message', ({ data }) => socket.send(data));
	});
	return response;
};
