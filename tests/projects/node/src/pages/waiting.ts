import type { APIRoute } from 'astro';
import { record } from '../journal';

/** Does not answer while the client is connected, and records how it learns of the disconnect. */
export const GET: APIRoute = async ({ locals, request, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const journal = url.searchParams.get('journal') ?? '';
	const closed = new Promise<void>((resolve) => {
		socket.addEventListener('close', ({ code }) => {
			record(`${journal}-closed`, `${code}`);
			resolve();
		});
	});
	socket.addEventListener('error', () => record(`${journal}-closed`, 'error'));
	request.signal.addEventListener('abort', () => record(`${journal}-aborted`, 'yes'));
	record(`${journal}-started`, 'yes');
	await closed;
	return response;
};
