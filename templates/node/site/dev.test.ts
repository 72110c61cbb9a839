import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { ViteDevServer } from 'vite';
import { WebSocket } from 'ws';
import { Notices } from '../../handshake/notices.ts';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { proxyList } from '../http/client-address.ts';
import { attachDevServer } from './dev.ts';

type Middleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

interface Dev {
	/** The response status of an upgrade. */
	upgrade(path: string, options?: Upgrade): Promise<number | undefined>;
	/** Whether nobody answers an upgrade for a while. */
	ignores(path: string, options?: Upgrade): Promise<boolean>;
}

interface Upgrade {
	readonly origin?: string;
	readonly protocol?: string;
}

/** Milliseconds until an answer, and those of silence. */
const PATIENCE = 10_000;
const SILENCE = 100;

/** The used parts of Vite's dev server, before a page that answers everything with 418. */
async function serve(context: TestContext): Promise<Dev> {
	const stack: Middleware[] = [];
	const middlewares = Object.assign(
		(request: IncomingMessage, response: ServerResponse): void => {
			const rest = [...stack];
			const next = (): void => {
				const middleware = rest.shift();
				if (middleware !== undefined) middleware(request, response, next);
				else response.writeHead(418).end();
			};
			next();
		},
		{ use: (middleware: Middleware) => stack.push(middleware) },
	);
	const httpServer = http.createServer(middlewares);
	const proxy = {
		'/string': 'http://localhost:1',
		'/flag': { target: 'http://localhost:1', ws: true },
		'/scheme': { target: 'ws://localhost:1' },
		'^/pattern/\\d+$': { target: 'http://localhost:1', ws: true },
	};
	const vite: unknown = { httpServer, middlewares, config: { server: { proxy } }, close() {} };
	const host = {
		scope: {},
		options: WEBSOCKET_DEFAULTS,
		proxies: proxyList([]),
		hooks: () => ({}),
		isDev: true,
		origin: () => 'http://localhost',
		report: (): void => {},
		notices: new Notices(() => {}),
	};
	attachDevServer(vite as ViteDevServer, host, []);
	httpServer.listen(0, '127.0.0.1');
	await once(httpServer, 'listening');
	context.after(() => httpServer.close());
	const { port } = httpServer.address() as AddressInfo;
	const answer = async (
		path: string,
		{ origin, protocol }: Upgrade,
		handshakeTimeout: number,
	): Promise<number | undefined> => {
		const url = `ws://127.0.0.1:${port}${path}`;
		const client = new WebSocket(url, protocol ?? [], { origin, handshakeTimeout });
		const status = await new Promise<number | undefined>((resolve) => {
			client.on('unexpected-response', (_request, response) => resolve(response.statusCode));
			client.on('error', () => resolve(undefined));
		});
		client.terminate();
		return status;
	};
	return {
		upgrade: async (path, options = {}) => await answer(path, options, PATIENCE),
		ignores: async (path, options = {}) => (await answer(path, options, SILENCE)) === undefined,
	};
}

test('upgrades pass through the middleware of the dev server', async (context) => {
	const dev = await serve(context);
	assert.equal(await dev.upgrade('/chat'), 418);
});

test('a foreign origin is answered with 403', async (context) => {
	const dev = await serve(context);
	assert.equal(await dev.upgrade('/chat', { origin: 'https://evil.example' }), 403);
});

test("Vite's own connections are ignored", async (context) => {
	const dev = await serve(context);
	assert.ok(await dev.ignores('/', { protocol: 'vite-hmr' }));
	assert.ok(await dev.ignores('/', { protocol: 'vite-ping' }));
});

test('proxied WebSockets are ignored, other proxied paths are not', async (context) => {
	const dev = await serve(context);
	for (const path of ['/flag/chat', '/scheme', '/pattern/7']) {
		assert.ok(await dev.ignores(path), path);
	}
	for (const path of ['/string', '/pattern/x']) assert.equal(await dev.upgrade(path), 418, path);
});
