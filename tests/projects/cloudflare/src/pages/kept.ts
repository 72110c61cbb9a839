import type { APIRoute } from 'astro';
import type { AstroWebSocket } from 'zastro-websockets-cloudflare/websocket';

const shared = globalThis as { kept?: AstroWebSocket };

/** Stores its socket for other requests, and reports the result when one of them uses it. */
export const GET: APIRoute = async ({ locals, url }) => {
	if (locals.isUpgradeRequest) {
		const { socket, response } = locals.upgradeWebSocket();
		socket.addEventListener('message', ({ data }) => socket.send(data));
		shared.kept = socket;
		return response;
	}
	const socket = shared.kept;
	if (socket === undefined) return new Response('There is none.', { status: 404 });
	const uses: Record<string, () => unknown> = {
		send: () => socket.send('from another request'),
		blob: () => socket.send(new Blob(['from another request'])),
		writable: () => socket.writable.getWriter().write('from another request'),
		close: () => socket.close(4000, 'from another request'),
	};
	let told = 'nothing was thrown';
	try {
		await uses[url.searchParams.get('use') ?? 'send']?.();
	} catch (error) {
		told = String(error);
	}
	return new Response(`${socket.readyState}: ${told}`);
};
