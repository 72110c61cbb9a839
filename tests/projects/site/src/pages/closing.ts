import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Closes when it is told to; writes down with what it was closed. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('message', () => socket.close(4001, 'the server has enough'));
	socket.addEventListener('close', ({ code, reason, wasClean }) => {
		record(url.searchParams.get('journal') ?? '', `${code}/${reason}/${wasClean}`);
	});
	return response;
};
