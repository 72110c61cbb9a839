import type { APIRoute } from 'astro';
import { entry, record } from '../journal';

/** Answers when the journal allows it. */
export const GET: APIRoute = async ({ locals, url }) => {
	const journal = url.searchParams.get('journal') ?? '';
	const { socket, response } = locals.upgradeWebSocket();
	socket.addEventListener('close', ({ code }) => record(`${journal}-closed`, `${code}`));
	record(`${journal}-started`, 'yes');
	await entry(`${journal}-go`);
	return response;
};
