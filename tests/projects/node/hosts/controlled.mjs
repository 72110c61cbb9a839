// A server that can be told, by plain requests, what to do with the site's WebSockets.
import { createServer } from 'node:http';
import { attachWebSocket, handler, shutdown } from '../dist/server/entry.mjs';

/** What `/attach` is told to leave to others, by the beginning of its path. */
let foreign;
const attached = [];

function attach() {
	const filter = foreign && ((request) => !request.url.startsWith(foreign));
	attached.push(attachWebSocket(server, { filter }));
}

/** Each gives what the response is to say. */
const commands = {
	attach({ searchParams }) {
		foreign = searchParams.get('foreign') ?? undefined;
		attach();
		return 'attached';
	},
	/** The last of those that are there. */
	detach() {
		attached.pop().detach();
		return 'detached';
	},
	async shutdown({ searchParams }) {
		const start = performance.now();
		const { timeout, ...rest } = Object.fromEntries(searchParams);
		const closeCode = rest.closeCode && Number(rest.closeCode);
		await shutdown({ ...rest, closeCode, timeout: timeout && Number(timeout) });
		return String(Math.round(performance.now() - start));
	},
	listeners: () => String(server.listenerCount('upgrade')),
};

const server = createServer(async (request, response) => {
	const url = new URL(request.url, 'http://127.0.0.1');
	const command = commands[url.pathname.slice(1)];
	if (command === undefined) handler(request, response);
	else response.end(await command(url));
});
attach();
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
