import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Closes on request, and records the code and reason of the close. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', () => socket.close(4001, 'the server has enough'));
	socket.addEventListener('close', ({ code, reason, wasClean }) => {
		record(url.searchParams.get('journal') ?? '', `${code}/${reason}/${wasClean}`);
	});
	return response;
};
