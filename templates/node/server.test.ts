import assert from 'node:assert/strict';
import { once } from 'node:events';
import type http from 'node:http';
import type { Duplex } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import { withUpgrade } from './server.ts';
import { accept, serve } from './site.test.ts';

/** The listener of another library, which takes its own path, perhaps after a while. */
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

/** What it answers. */
async function ask(client: WebSocket): Promise<string> {
	client.send('hi');
	const [data] = await once(client, 'message');
	return String(data);
}

test('paths of no route are left to another listener, however late it takes them', async (context) => {
	const site = await serve(context, accept(), { paths: ['/chat'] });
	site.server.on('upgrade', otherListener('/other', 50));
	assert.equal(await ask(await site.open({}, '/other')), 'other');
	await site.open({}, '/chat');
});

test('what nobody takes is answered with 404 in the end', async (context) => {
	const site = await serve(context, accept(), {
		paths: ['/chat'],
		options: { handshakeTimeout: 50 },
	});
	site.server.on('upgrade', otherListener('/other', 80));
	const late = site.answer({}, '/other');
	assert.equal((await site.answer({}, '/nowhere')).status, 404);
	assert.equal((await late).status, 404);
});

test('a client that nobody takes can leave, even where handshakes have any time', async (context) => {
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

test('what the filter leaves is an ordinary request where nobody else listens', async (context) => {
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

test('what another listener has answered is not answered again', async (context) => {
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

test("a filter says what is the site's", async (context) => {
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

test('detach() leaves upgrades to others, and connections alone', async (context) => {
	const site = await serve(context, accept(), { setUp() {} });
	const attached = site.host.attachWebSocket(site.server);
	assert.equal(site.host.attachWebSocket(site.server), attached);
	const client = await site.open();
	const { shouldUpgradeCallback } = site.server as { shouldUpgradeCallback?: unknown };
	attached.detach();
	attached.detach();
	assert.equal(site.server.listenerCount('upgrade'), 0);
	assert.notEqual(Reflect.get(site.server, 'shouldUpgradeCallback'), shouldUpgradeCallback);
	assert.equal(await ask(client), 'echo hi');
	site.server.on('upgrade', otherListener('/'));
	assert.equal(await ask(await site.open()), 'other');
	site.server.removeAllListeners('upgrade');
	site.host.attachWebSocket(site.server);
	(await site.open()).terminate();
});

test('upgrade() answers what a host hands over', async (context) => {
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

test('upgrade() hands the locals on, and answers 500 for a handler that fails', async (context) => {
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

test('of two sites behind one server each has its own hooks and shutdown', async (context) => {
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

test('a shutdown refuses new handshakes, asks clients to close, and terminates the rest', async (context) => {
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
	const done = site.host.shutdown({ timeout: 100, code: 1012, reason: 'deploy' });
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
	// Attaching again opens it again.
	site.host.attachWebSocket(site.server);
	await site.open();
});

test('what a shutdown cannot send is refused before anything happens', async (context) => {
	const site = await serve(context, accept());
	const client = await site.open();
	await assert.rejects(site.host.shutdown({ code: 1006 }), { name: 'InvalidAccessError' });
	await assert.rejects(site.host.shutdown({ reason: 'x'.repeat(124) }), { name: 'SyntaxError' });
	await assert.rejects(site.host.shutdown({ timeout: Number.NaN }), { name: 'RangeError' });
	assert.equal(await ask(client), 'echo hi');
});

test('stop() of the standalone server closes WebSockets before it cuts everything off', async (context) => {
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
