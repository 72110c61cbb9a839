import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Sends numbers as long as the client reads them, and records the last. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	let last = 0;
	const tick = (): void => {
		if (socket.readyState !== socket.OPEN) {
			record(`ticked-${url.searchParams.get('name')}`, `${last}`);
			return;
		}
		// A client on a busy machine may be slow for a while, and must not be closed for it.
		for (let sent = 0; sent < 50 && socket.bufferedAmount < 64 * 1024; sent++) {
			socket.send(`${++last}`);
		}
		setTimeout(tick);
	};
	socket.addEventListener('open', tick);
	return response;
};
