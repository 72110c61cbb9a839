// Two sites on one server. The second is a copy of the same build, loaded as a separate site and
// served below `/second`.
import { cpSync, mkdtempSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath, pathToFileURL } from 'node:url';
import * as first from '../dist/server/entry.mjs';

const built = fileURLToPath(new URL('../dist/', import.meta.url));
const copy = mkdtempSync(`${built}second-`);
cpSync(`${built}server`, `${copy}/server`, { recursive: true });
const second = await import(pathToFileURL(`${copy}/server/entry.mjs`).href);

const sites = { first, second };
let attached = {};

function isOfSecond({ url }) {
	return url.startsWith('/second/');
}

/** Each command returns the response text. */
const commands = {
	attach({ searchParams }) {
		for (const site of Object.values(attached)) site.detach();
		const hasFilters = searchParams.has('filters');
		attached = {
			first: first.attachWebSocket(
				server,
				hasFilters ? { filter: (request) => !isOfSecond(request) } : {},
			),
			second: second.attachWebSocket(server, hasFilters ? { filter: isOfSecond } : {}),
		};
		return 'attached';
	},
	detach({ searchParams }) {
		attached[searchParams.get('site')].detach();
		return 'detached';
	},
	async shutdown({ searchParams }) {
		return String(await sites[searchParams.get('site')].shutdown({ timeout: 1000 }));
	},
};

const server = createServer(async (request, response) => {
	const url = new URL(request.url, 'http://127.0.0.1');
	const command = commands[url.pathname.slice(1)];
	if (command !== undefined) {
		response.end(await command(url));
	} else if (isOfSecond(request)) {
		request.url = request.url.slice('/second'.length);
		second.handler(request, response);
	} else {
		first.handler(request, response);
	}
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${server.address().port}`));
