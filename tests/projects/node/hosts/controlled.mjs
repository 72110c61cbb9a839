// A server whose WebSockets plain requests control.
import { createServer } from 'node:http';
import { attachWebSocket, handler, shutdown } from '../dist/server/entry.mjs';

/** The path prefix that `/attach` leaves to other listeners. */
let foreign;
const attached = [];

function attach() {
	const filter = foreign && ((request) => !request.url.startsWith(foreign));
	attached.push(attachWebSocket(server, { filter }));
}

/** Each command returns the response text. */
const commands = {
	attach({ searchParams }) {
		foreign = searchParams.get('foreign') ?? undefined;
		attach();
		return 'attached';
	},
	/** Detaches the most recent attachment. */
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
