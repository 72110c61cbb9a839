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
	/** The response status of an upgrade; 0 if there was none. */
	upgrade(path: string, options?: { origin?: string; protocol?: string }): Promise<number>;
}

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
	return {
		async upgrade(path, { origin, protocol } = {}) {
			const client = new WebSocket(`ws://127.0.0.1:${port}${path}`, protocol ?? [], {
				origin,
				handshakeTimeout: 100,
			});
			const answer = new Promise<number>((resolve) => {
				client.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
				client.on('error', () => resolve(0));
			});
			const status = await answer;
			client.terminate();
			return status;
		},
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
	assert.equal(await dev.upgrade('/', { protocol: 'vite-hmr' }), 0);
	assert.equal(await dev.upgrade('/', { protocol: 'vite-ping' }), 0);
});

test('proxied WebSockets are ignored, other proxied paths are not', async (context) => {
	const dev = await serve(context);
	for (const path of ['/flag/chat', '/scheme', '/pattern/7']) {
		assert.equal(await dev.upgrade(path), 0, path);
	}
	for (const path of ['/string', '/pattern/x']) assert.equal(await dev.upgrade(path), 418, path);
});
