import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import { withUpgrade } from './server.ts';
import { accept, type Route, type Site, serve } from './site.fixture.ts';

/** The listener of another library, which takes one path, optionally after a delay. */
function otherListener(path: string, delay?: number): Parameters<http.Server['on']>[1] {
	const own = new WebSocketServer({ noServer: true });
	return async (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
		if (request.url !== path) return;
		if (delay !== undefined) await wait(delay);
		own.handleUpgrade(request, socket, head, (accepted) => {
			accepted.on('message', () => accepted.send('other'));
		});
	};
}

/** The next response of the server. */
async function ask(client: WebSocket): Promise<string> {
	client.send('hi');
	const [data] = await once(client, 'message');
	return String(data);
}

test('paths without a route are left to another listener, even if it takes them late', async (context) => {
	const site = await serve(context, accept(), { paths: ['/chat'] });
	site.server.on('upgrade', otherListener('/other', 50));
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	await site.open({}, '/chat');
});

test('an upgrade that no listener takes gets 404 after the timeout', async (context) => {
	const site = await serve(context, accept(), {
		paths: ['/chat'],
		options: { handshakeTimeout: 50 },
	});
	site.server.on('upgrade', otherListener('/other', 80));
	const late = site.answer({}, '/other');
	assert.equal((await site.answer({}, '/nowhere')).status, 404);
	assert.equal((await late).status, 404);
});

test('a client that no listener takes can leave, even without a handshake timeout', async (context) => {
	const site = await serve(context, accept(), {
		paths: ['/chat'],
		options: { handshakeTimeout: 0 },
	});
	site.server.on('upgrade', () => {});
	const client = site.handshake({}, '/nowhere');
	await once(site.server, 'upgrade');
	client.end();
	await once(client, 'close');
});

test('an upgrade rejected by the filter is an ordinary request without another listener', async (context) => {
	const site = await serve(
		context,
		(locals, response) => response.end(String(locals.isUpgradeRequest)),
		{
			setUp: (server, host) => {
				host.attachWebSocket(server, { filter: ({ url }) => url !== '/left' });
			},
		},
	);
	const { status, body } = await site.answer({}, '/left');
	assert.deepEqual([status, body], [200, 'false']);
	assert.equal((await site.answer({}, '/taken')).body, 'true');
});

test('an upgrade answered by another listener is not answered again', async (context) => {
	const site = await serve(context, accept(), {
		paths: ['/chat'],
		options: { handshakeTimeout: 30 },
	});
	site.server.on('upgrade', (_request: http.IncomingMessage, socket: Duplex) => {
		socket.write('HTTP/1.1 402 No\r\nContent-Length: 5\r\n\r\n');
		setTimeout(() => socket.end('later'), 60);
	});
	const { status, body } = await site.answer({}, '/other');
	assert.deepEqual([status, body], [402, 'later']);
});

test('without another listener the site answers for every path', async (context) => {
	const site = await serve(context, (_locals, response) => response.writeHead(404).end('astro'), {
		paths: ['/chat'],
	});
	assert.equal((await site.answer({}, '/nowhere')).body, 'astro');
});

test('a filter selects the upgrades of the site', async (context) => {
	const site = await serve(context, accept(), {
		setUp(server, host) {
			host.attachWebSocket(server, { filter: ({ url }) => url === '/chat' });
			server.on('upgrade', otherListener('/other', 20));
		},
	});
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	const client = await site.open({}, '/chat');
	assert.equal(await ask(client), 'echo hi');
});

test('detach() leaves upgrades to other listeners and keeps connections open', async (context) => {
	const site = await serve(context, accept(), { setUp() {} });
	const { shouldUpgradeCallback } = site.server as { shouldUpgradeCallback?: unknown };
	const attached = site.host.attachWebSocket(site.server);
	const client = await site.open();
	attached.detach();
	attached.detach();
	assert.equal(site.server.listenerCount('upgrade'), 0);
	assert.ok(!Object.hasOwn(site.server, 'emit'));
	assert.equal(Reflect.get(site.server, 'shouldUpgradeCallback'), shouldUpgradeCallback);
	assert.equal(await ask(client), 'echo hi');
	site.server.on('upgrade', otherListener('/'));
	assert.equal(await ask(await site.open()), 'other');
	site.server.removeAllListeners('upgrade');
	site.host.attachWebSocket(site.server);
	(await site.open()).terminate();
});

test('every attachWebSocket() has its own filter and detach()', async (context) => {
	const site = await serve(
		context,
		(locals, response, request) => {
			if (locals.isUpgradeRequest) accept()(locals, response, request);
			else response.end('plain');
		},
		{ setUp() {} },
	);
	const one = site.host.attachWebSocket(site.server, { filter: ({ url }) => url === '/one' });
	const two = site.host.attachWebSocket(site.server, { filter: ({ url }) => url === '/two' });
	assert.equal(site.server.listenerCount('upgrade'), 1);
	(await site.open({}, '/one')).terminate();
	(await site.open({}, '/two')).terminate();
	assert.equal((await site.answer({}, '/three')).body, 'plain');
	one.detach();
	assert.equal((await site.answer({}, '/one')).body, 'plain');
	(await site.open({}, '/two')).terminate();
	two.detach();
	assert.equal((await site.answer({}, '/two')).body, 'plain');
});

test('attachWebSocket() replaces the listener of the standalone server', async (context) => {
	const site = await serve(context, accept(), { setUp() {} });
	const [handler] = site.server.listeners('request') as [http.RequestListener];
	withUpgrade({ server: site.server, async stop() {} }, handler);
	site.server.on('upgrade', otherListener('/other', 20));
	const attached = site.host.attachWebSocket(
		// As returned by `startServer()`.
		{ server: site.server },
		{ filter: ({ url }) => url !== '/other' },
	);
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	assert.equal(await ask(await site.open({}, '/chat')), 'echo hi');
	attached.detach();
	assert.equal(await ask(await site.open({}, '/chat')), 'echo hi');
});

test('an upgrade taken by the filter reaches no other listener', async (context) => {
	const site = await serve(context, accept(), { setUp() {} });
	// It refuses upgrades on other paths at once.
	new WebSocketServer({ server: site.server, path: '/other' }).on('connection', (socket) => {
		socket.on('message', () => socket.send('other'));
	});
	site.host.attachWebSocket(site.server, { filter: ({ url }) => url === '/chat' });
	assert.equal(await ask(await site.open({}, '/chat')), 'echo hi');
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	assert.equal((await site.answer({}, '/third')).status, 400);
});

test('a filter that throws or is async is an error, and the upgrade gets 500', async (context) => {
	const site = await serve(context, accept(), {
		setUp(server, host) {
			host.attachWebSocket(server, {
				filter({ url }) {
					if (url === '/async') return Promise.resolve(false) as unknown as boolean;
					throw new Error('no verdict');
				},
			});
		},
	});
	assert.equal((await site.answer({}, '/throws')).status, 500);
	assert.equal(site.log.at(-1), 'Error: no verdict');
	assert.equal((await site.answer({}, '/async')).status, 500);
	assert.match(site.log.at(-1) ?? '', /must return a boolean and cannot be async/);
	assert.throws(
		() => site.host.attachWebSocket(site.server, { filter: '/chat' as never }),
		/`filter` of `attachWebSocket\(\)` must be a function/,
	);
});

test('attachWebSocket() rejects an app, and accepts an object with a server', async (context) => {
	const site = await serve(context, accept(), { setUp() {} });
	const app = Object.assign(() => {}, EventEmitter.prototype, { listen() {} });
	for (const target of [app, {}, undefined, new EventEmitter()]) {
		assert.throws(() => site.host.attachWebSocket(target as never), {
			name: 'TypeError',
			message: /pass the result of `app\.listen\(\)` and not the app/,
		});
	}
	site.host.attachWebSocket({ server: site.server });
	(await site.open()).terminate();
});

/** A site mounted below `/site` by a host that rewrites the path, next to another listener. */
async function mounted(
	context: TestContext,
	route: Route,
	options: Partial<ResolvedWebSocketOptions> = {},
): Promise<Site> {
	const site = await serve(context, route, { paths: ['/chat'], options });
	const [handle] = site.server.listeners('request') as [http.RequestListener];
	site.server.removeAllListeners('request');
	site.server.on('request', (request, response) => {
		const { url = '' } = request;
		if (!url.startsWith('/site/')) {
			response.writeHead(403).end('no site');
			return;
		}
		request.url = url.slice('/site'.length);
		handle(request, response);
	});
	site.server.on('upgrade', otherListener('/other', 50));
	return site;
}

test('a site below a path works next to another listener', async (context) => {
	const site = await mounted(context, accept());
	assert.equal(await ask(await site.open({}, '/site/chat')), 'echo hi');
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	assert.equal((await site.answer({ Origin: 'https://evil.example' }, '/site/chat')).status, 403);
});

test('an upgrade that no listener takes gets the response of the host after the timeout', async (context) => {
	const site = await mounted(context, accept(), { handshakeTimeout: 50 });
	const { status, body } = await site.answer({}, '/nowhere');
	assert.deepEqual([status, body], [403, 'no site']);
	assert.equal((await site.answer({}, '/site/nowhere')).status, 404);
});

test('an upgrade taken by another listener is neither counted nor limited', async (context) => {
	const site = await mounted(context, accept(), { maxConnections: 1 });
	const other = await site.open({}, '/other');
	const client = await site.open({}, '/site/chat');
	assert.equal((await site.answer({}, '/site/chat')).status, 503);
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	const closed = once(client, 'close');
	await site.host.shutdown({ timeout: 0 });
	await closed;
	assert.equal(await ask(other), 'other');
});

test('a client that leaves before any listener takes it is released', async (context) => {
	const site = await mounted(context, accept());
	const client = site.handshake({}, '/nowhere');
	const [request] = (await once(site.server, 'request')) as [http.IncomingMessage];
	const closed = new Promise((resolve) => request.socket.once('close', resolve));
	client.resetAndDestroy();
	await closed;
	assert.equal(await ask(await site.open({}, '/site/chat')), 'echo hi');
});

test('upgrade() answers the events passed by a host', async (context) => {
	const site = await serve(context, accept(), {
		setUp(server, host) {
			server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
				if (request.url === '/other') socket.end('HTTP/1.1 402 No\r\n\r\n');
				else host.upgrade(request, socket, head);
			});
		},
	});
	const client = await site.open({}, '/chat');
	assert.equal(await ask(client), 'echo hi');
	assert.equal((await site.answer({}, '/other')).status, 402);
	assert.equal((await site.answer({ Upgrade: 'h2c' }, '/chat')).status, 400);
	const leaving = site.handshake();
	leaving.resetAndDestroy();
});

test('upgrade() passes the locals on, and answers 500 if the handler fails', async (context) => {
	const site = await serve(
		context,
		(locals, response) => {
			if (!('user' in locals)) throw new Error('no user');
			response.writeHead(403).end(String(locals.user));
		},
		{
			setUp(server, host) {
				server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
					host.upgrade(request, socket, head, request.url === '/ada' ? { user: 'ada' } : undefined);
				});
			},
		},
	);
	assert.equal((await site.answer({}, '/ada')).body, 'ada');
	assert.equal((await site.answer({}, '/')).status, 500);
	assert.equal(site.log.at(-1), 'Error: no user');
});

test('upgrade() throws for a connection that is already answered', async (context) => {
	const thrown: unknown[] = [];
	const site = await serve(context, accept(), {
		setUp(server, host) {
			server.on('upgrade', (request: http.IncomingMessage, socket: Duplex, head: Buffer) => {
				host.upgrade(request, socket, head);
				try {
					host.upgrade(request, socket, head);
				} catch (error) {
					thrown.push(error);
				}
			});
		},
	});
	assert.equal(await ask(await site.open()), 'echo hi');
	assert.match(
		String(thrown[0]),
		/`upgrade\(\)` was called for a connection that is already answered/,
	);
	// An attached site ignores upgrades that a listener passed to `upgrade()`.
	site.host.attachWebSocket(site.server);
	assert.equal(await ask(await site.open()), 'echo hi');
	assert.equal(thrown.length, 2);
});

test('two sites attached to one server shut down independently', async (context) => {
	const second = await serve(context, accept(), { setUp() {} });
	const [handleSecond] = second.server.listeners('request') as [http.RequestListener];
	const first = await serve(context, accept(), {
		setUp(server, host) {
			const [handleFirst] = server.listeners('request') as [http.RequestListener];
			server.removeAllListeners('request');
			server.on('request', (request, response) => {
				if (request.url === '/second') handleSecond(request, response);
				else handleFirst(request, response);
			});
			host.attachWebSocket(server);
			second.host.attachWebSocket(server);
		},
	});
	const open = await first.open({}, '/second');
	assert.equal(await first.host.shutdown({ timeout: 0 }), undefined);
	assert.equal((await first.answer({}, '/first')).status, 503);
	assert.equal(await ask(open), 'echo hi');
	assert.equal(await ask(await first.open({}, '/second')), 'echo hi');
	await second.host.shutdown({ timeout: 0 });
	assert.equal((await first.answer({}, '/second')).status, 503);
});

test('closing a server closes the connections it received', async (context) => {
	const [one, other] = [http.createServer(), http.createServer()];
	const site = await serve(context, accept(), {
		setUp(server, host) {
			const [handler] = server.listeners('request') as [http.RequestListener];
			for (const own of [one, other]) {
				own.on('request', handler);
				host.attachWebSocket(own);
			}
		},
	});
	const open = async (server: http.Server): Promise<WebSocket> => {
		const { port } = server.address() as AddressInfo;
		const client = new WebSocket(`ws://127.0.0.1:${port}/`);
		await once(client, 'open');
		return client;
	};
	for (const server of [one, other]) {
		server.listen(0, '127.0.0.1');
		await once(server, 'listening');
	}
	const [client, stays] = [await open(one), await open(other)];
	const closed = once(client, 'close');
	one.close();
	assert.equal((await closed)[0], 1001);
	if (one.listening) await once(one, 'close');
	assert.equal(await ask(stays), 'echo hi');
	one.listen(0, '127.0.0.1');
	await once(one, 'listening');
	const again = await open(one);
	assert.equal(await ask(again), 'echo hi');
	one.close();
	other.close();
	await Promise.all([once(one, 'close'), once(other, 'close')]);
	assert.equal(site.log.length, 0);
});

test('two sites behind one server have separate hooks and shutdowns', async (context) => {
	const second = await serve(context, accept(), { hooks: { verifyClient: () => true } });
	const [handleSecond] = second.server.listeners('request') as [http.RequestListener];
	const first = await serve(context, accept(), {
		hooks: { verifyClient: () => false },
		setUp(server, host) {
			const [handleFirst] = server.listeners('request') as [http.RequestListener];
			server.removeAllListeners('request');
			server.on('request', (request, response) => {
				if (request.url === '/second') handleSecond(request, response);
				else handleFirst(request, response);
			});
			host.attachWebSocket(server);
		},
	});
	assert.equal((await first.answer({}, '/first')).status, 403);
	const client = await first.open({}, '/second');
	await first.host.shutdown({ timeout: 0 });
	assert.equal(await ask(client), 'echo hi');
	const closed = once(client, 'close');
	await second.host.shutdown();
	assert.equal((await closed)[0], 1001);
});

test('a shutdown refuses new handshakes, closes connections, and terminates the rest', async (context) => {
	let goOn = (): void => {};
	const site = await serve(context, async (locals, response, request) => {
		if (request.url === '/slow') {
			await new Promise<void>((resolve) => {
				goOn = resolve;
			});
		}
		accept()(locals, response, request);
	});
	const [polite, stubborn] = [await site.open(), site.handshake()];
	await once(stubborn, 'data');
	const opening = site.answer({}, '/slow');
	await wait(20);
	const closed = once(polite, 'close');
	const start = performance.now();
	const done = site.host.shutdown({ timeout: 100, closeCode: 1012, closeReason: 'deploy' });
	const [code, reason] = await closed;
	assert.deepEqual([code, String(reason)], [1012, 'deploy']);
	const late = await site.answer();
	assert.equal(late.status, 503);
	assert.equal(late.headers['retry-after'], '5');
	goOn();
	assert.equal((await opening).status, 503);
	stubborn.resume();
	await Promise.all([done, once(stubborn, 'close')]);
	const took = performance.now() - start;
	assert.ok(took > 90 && took < 1000, String(took));
	assert.equal((await site.answer()).status, 503);
	// Attaching again reopens the site.
	site.host.attachWebSocket(site.server);
	await site.open();
});

test('a shutdown with invalid options rejects without any effect', async (context) => {
	const site = await serve(context, accept());
	const client = await site.open();
	await assert.rejects(site.host.shutdown({ closeCode: 1006 }), { name: 'InvalidAccessError' });
	await assert.rejects(site.host.shutdown({ closeReason: 'x'.repeat(124) }), {
		name: 'SyntaxError',
	});
	await assert.rejects(site.host.shutdown({ timeout: Number.NaN }), { name: 'RangeError' });
	assert.equal(await ask(client), 'echo hi');
});

test('stop() of the standalone server closes WebSockets before it cuts connections off', async (context) => {
	const site = await serve(context, accept(), { setUp() {} });
	const steps: string[] = [];
	const [handler] = site.server.listeners('request') as [http.RequestListener];
	const created = {
		server: site.server,
		port: site.port,
		async stop() {
			steps.push('stopped');
		},
	};
	const server = withUpgrade(created, handler);
	assert.equal(server.port, site.port);
	const client = await site.open();
	client.on('close', (code) => steps.push(`closed ${code}`));
	await server.stop();
	await wait(20);
	assert.deepEqual(steps, ['closed 1001', 'stopped']);
});
