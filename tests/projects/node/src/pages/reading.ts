import type { APIRoute } from 'astro';
import { entry, record } from '../journal';

/** Reads one message, then the others when the journal allows it, and counts their bytes. */
export const GET: APIRoute = ({ locals, url }) => {
	const { socket, response } = locals.upgradeWebSocket();
	const journal = url.searchParams.get('journal') ?? '';
	socket.addEventListener('close', ({ code }) => record(`${journal}-closed`, `${code}`));
	read(socket.readable, journal).then(
		(bytes) => record(`${journal}-read`, `${bytes}`),
		(error) => record(`${journal}-read`, `${error}`),
	);
	return response;
};

async function read(
	messages: ReadableStream<string | Uint8Array>,
	journal: string,
): Promise<number> {
	const reader = messages.getReader();
	let bytes = 0;
	let next = await reader.read();
	while ((await entry(`${journal}-go`)) === '(nothing)');
	for (; !next.done; next = await reader.read()) bytes += next.value.length;
	return bytes;
}
