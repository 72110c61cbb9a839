import type { APIRoute } from 'astro';
import { record } from '../journal';

/** A handler goes on working after it has returned; in the end the work is done, or fails. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const type = url.searchParams.get('type') as 'open' | 'message' | 'error' | 'close';
	const journal = url.searchParams.get('journal') ?? '';
	socket.addEventListener(type, async () => {
		// Longer than it takes to say goodbye, which the client does meanwhile.
		await new Promise((resolve) => setTimeout(resolve, 500));
		record(journal, 'done');
		if (url.searchParams.has('fails')) throw new Error(`late failure of ${journal}`);
	});
	return url.searchParams.has('refuses') ? new Response('no', { status: 403 }) : response;
};
