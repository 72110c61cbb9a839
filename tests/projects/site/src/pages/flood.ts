import type { APIRoute } from 'astro';
import { record } from '../journal';

const CHUNK = 16 * 1024;

/** Sends more than the network buffers hold, faster than any client reads. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const journal = url.searchParams.get('journal') ?? '';
	let most = 0;
	let left = 2048;
	const send = () => {
		for (let burst = 0; burst < 16 && left > 0 && socket.readyState === 1; burst++, left--) {
			socket.send('.'.repeat(CHUNK));
			most = Math.max(most, socket.bufferedAmount);
		}
		if (left > 0 && socket.readyState === 1) setTimeout(send);
		else record(`${journal}-flooded`, `${most}`);
	};
	socket.addEventListener('message', send, { once: true });
	socket.addEventListener('message', ({ data }) => data === 'end' && socket.send('end'));
	socket.addEventListener('close', ({ code }) => record(`${journal}-closed`, `${code}`));
	return response;
};
