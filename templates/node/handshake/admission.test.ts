import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { processRegistry } from '../registry/registry.ts';
import { accept, serve, writeResponse } from '../site/site.fixture.ts';

/** Waits until the registry holds this number of connections. */
async function entriesToBe(size: number): Promise<void> {
	for (let attempt = 0; attempt < 100 && processRegistry().size !== size; attempt++) await wait(10);
	assert.equal(processRegistry().size, size);
}

test('connections over maxConnections get 503 until another connection ends', async (context) => {
	let renders = 0;
	const site = await serve(
		context,
		(...parameters) => {
			renders++;
			accept()(...parameters);
		},
		{ options: { maxConnections: 2 } },
	);
	const first = await site.open();
	await site.open();
	const answer = await site.answer();
	assert.equal(answer.status, 503);
	assert.equal(answer.headers['retry-after'], '5');
	assert.equal(answer.headers.connection, 'close');
	assert.equal(answer.body, 'There are too many WebSocket connections.');
	assert.equal(renders, 2);
	first.close();
	await entriesToBe(1);
	await site.open();
});

test('a pending handshake holds an entry', async (context) => {
	const site = await serve(context, () => {}, { options: { maxConnections: 1 } });
	const opening = site.handshake();
	await entriesToBe(1);
	assert.equal((await site.answer()).status, 503);
	opening.resetAndDestroy();
	await entriesToBe(0);
});

test('connections over maxConnectionsPerIP get 429, and those of other clients do not', async (context) => {
	const site = await serve(context, accept(), {
		options: { maxConnectionsPerIP: 1, trustedProxies: ['127.0.0.1'] },
	});
	const of = (address: string): Record<string, string> => ({ 'X-Forwarded-For': address });
	const first = await site.open(of('192.0.2.1'));
	await site.open(of('192.0.2.2'));
	assert.equal((await site.answer(of('192.0.2.1'))).status, 429);
	await site.open(of('2001:db8::1'));
	assert.equal((await site.answer(of('2001:db8::2'))).status, 429);
	first.terminate();
	await entriesToBe(2);
	await site.open(of('192.0.2.1'));
});

test('an untrusted client cannot pass for another one', async (context) => {
	const site = await serve(context, accept(), { options: { maxConnectionsPerIP: 1 } });
	await site.open({ 'X-Forwarded-For': '192.0.2.1' });
	assert.equal((await site.answer({ 'X-Forwarded-For': '192.0.2.2' })).status, 429);
});

test('handshakes over the rate get 429 with Retry-After', async (context) => {
	const site = await serve(context, (_locals, response) => response.writeHead(401).end(), {
		options: { rateLimitMaxConnections: 2, rateLimitWindow: 30_000, trustedProxies: ['127.0.0.1'] },
	});
	const from = { 'X-Forwarded-For': '203.0.113.1' };
	for (const status of [401, 401, 429]) assert.equal((await site.answer(from)).status, status);
	const { headers } = await site.answer(from);
	assert.ok(Number(headers['retry-after']) > 20 && Number(headers['retry-after']) <= 30);
	assert.equal((await site.answer({ 'X-Forwarded-For': '203.0.113.2' })).status, 401);
});

test('a handshake that takes too long gets 503, and the late response does not throw', async (context) => {
	const events: string[] = [];
	let isOver = false;
	const site = await serve(
		context,
		async (locals, response) => {
			response.setHeader('Content-Length', '7');
			response.setHeader('Set-Cookie', 'a=b');
			await wait(80);
			const { socket, response: accepted } = locals.upgradeWebSocket();
			socket.onerror = () => events.push('error');
			socket.onclose = (event) => events.push(`close ${event.code}`);
			response.setHeader('X-Late', 'yes');
			response.removeHeader('X-Late');
			writeResponse(accepted, response);
			response.write('late');
			response.end('late', () => events.push('end'));
			await wait(20);
			isOver = true;
		},
		{ options: { handshakeTimeout: 30 } },
	);
	const { status, headers, body } = await site.answer();
	assert.equal(status, 503);
	assert.equal(headers['set-cookie'], undefined);
	assert.equal(body, 'The answer to the WebSocket handshake took too long.');
	while (!isOver) await wait(10);
	assert.deepEqual(events.sort(), ['close 1006', 'end', 'error']);
	assert.deepEqual(site.log, []);
	await entriesToBe(0);
});

test('handshakeTimeout does not limit an accepted connection', async (context) => {
	const site = await serve(context, accept(), { options: { handshakeTimeout: 30 } });
	const client = await site.open();
	await wait(60);
	client.send('hi');
	const [message] = await once(client, 'message');
	assert.equal(String(message), 'echo hi');
});

test('handshakeTimeout does not limit a response that has begun', async (context) => {
	const site = await serve(
		context,
		async (_locals, response) => {
			response.writeHead(403);
			response.write('no');
			await wait(60);
			response.end('!');
		},
		{ options: { handshakeTimeout: 30 } },
	);
	const { status, body } = await site.answer();
	assert.deepEqual([status, body], [403, 'no!']);
});

test('an exception of a request listener is answered with 500', async (context) => {
	const site = await serve(context, accept());
	site.server.prependOnceListener('request', () => {
		throw new Error('a listener of the host');
	});
	assert.equal((await site.answer()).status, 500);
	assert.deepEqual(site.log, [
		'A request handler failed on a WebSocket handshake',
		'Error: a listener of the host',
	]);
	await site.open();
});

test('no entry is lost or counted twice, for any outcome of a handshake', async (context) => {
	const site = await serve(
		context,
		async (locals, response, request) => {
			switch (request.headers['x-case']) {
				case 'reject':
					return response.writeHead(403).end('no');
				case 'forget':
					return undefined;
				case 'leave':
					locals.upgradeWebSocket();
					return response.writeHead(409).end();
				case 'late':
					await wait(20);
					return accept()(locals, response, request);
				case 'destroy':
					return request.socket.destroy();
				case 'throw in a handler': {
					const { socket, response: accepted } = locals.upgradeWebSocket();
					socket.onopen = () => {
						throw new Error('in a handler');
					};
					return writeResponse(accepted, response);
				}
				default:
					return accept()(locals, response, request);
			}
		},
		{ options: { handshakeTimeout: 150, maxConnectionsPerIP: 50 } },
	);
	const cases = ['reject', 'forget', 'leave', 'late', 'destroy', 'throw in a handler', 'accept'];
	const sockets: Socket[] = [];
	for (let round = 0; round < 140; round++) {
		const name = cases[round % cases.length] ?? '';
		const socket = site.handshake({ 'X-Case': name }).resume();
		sockets.push(socket);
		// Every second client leaves at some time: before it is seen, during the render, or when open.
		if (round % 2 === 0) setTimeout(() => socket.resetAndDestroy(), (round * 7) % 60);
		if (round % 10 === 9) await wait(5);
	}
	await wait(300);
	assert.ok(processRegistry().size <= 50);
	for (const socket of sockets) socket.destroy();
	await entriesToBe(0);
	assert.equal(processRegistry().clients, 0);
	// All entries are available again.
	for (let round = 0; round < 50; round++) await site.open();
	assert.equal((await site.answer()).status, 429);
});
