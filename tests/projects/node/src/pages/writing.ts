import type { APIRoute } from 'astro';

const MESSAGE = '.'.repeat(64 * 1024);

const written = { messages: 0, buffered: 0 };

/** Writes 512 messages as fast as the client reads. Over plain HTTP, reports the progress. */
export const GET: APIRoute = ({ locals }) => {
	if (!locals.isUpgradeRequest) return Response.json(written);
	const { socket, response } = locals.upgradeWebSocket();
	const writer = socket.writable.getWriter();
	void (async () => {
		for (written.messages = 0; written.messages < 512; written.messages++) {
			await writer.write(MESSAGE);
			written.buffered = Math.max(written.buffered, socket.bufferedAmount);
		}
		await writer.close();
	})();
	return response;
};
