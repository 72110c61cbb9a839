import type { APIRoute } from 'astro';
import { record } from '../journal';

/** A handler continues its work after it has returned. The work then succeeds or fails. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const type = url.searchParams.get('type') as 'open' | 'message' | 'error' | 'close';
	const journal = url.searchParams.get('journal') ?? '';
	socket.addEventListener(type, async () => {
		// Longer than a closing handshake, which the client performs meanwhile.
		await new Promise((resolve) => setTimeout(resolve, 500));
		record(journal, 'done');
		if (url.searchParams.has('fails')) throw new Error(`late failure of ${journal}`);
	});
	return url.searchParams.has('refuses') ? new Response('no', { status: 403 }) : response;
};
