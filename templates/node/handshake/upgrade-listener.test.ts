import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { WebSocket, WebSocketServer } from 'ws';
import { processRegistry } from '../registry/registry.ts';
import { accept, type Route, serve, writeResponse } from '../site/site.fixture.ts';

const HANDSHAKE =
	'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

async function read(socket: Socket): Promise<string> {
	const chunks: Buffer[] = [];
	for await (const chunk of socket) chunks.push(chunk);
	return Buffer.concat(chunks).toString('latin1');
}

/** The response to an accepted handshake. */
async function acceptance(client: WebSocket): Promise<IncomingMessage> {
	const [[head]] = await Promise.all([once(client, 'upgrade'), once(client, 'open')]);
	return head;
}

async function rejection(client: WebSocket): Promise<number | undefined> {
	const [, response] = await once(client, 'unexpected-response');
	const { statusCode } = response as IncomingMessage;
	client.terminate();
	return statusCode;
}

test('returning the response accepts, with its headers', async (context) => {
	const site = await serve(context, accept({ headers: { 'x-own': 'yes' } }));
	const client = site.connect();
	const head = await acceptance(client);
	assert.equal(head.headers['x-own'], 'yes');
	client.send('hi');
	const [message] = await once(client, 'message');
	assert.equal(String(message), 'echo hi');
});

for (const perMessageDeflate of [false, true]) {
	const how = perMessageDeflate ? ' with an extension' : '';
	test(`a header of the 101 has the encoding of other responses${how}`, async (context) => {
		const route = accept({ headers: { 'x-name': 'Jos\u00e9' } });
		const site = await serve(context, route, { options: { perMessageDeflate } });
		const head = await acceptance(site.connect());
		// Node reads headers as latin1.
		assert.equal(head.headers['x-name'], 'Jos\u00e9');
		assert.equal('sec-websocket-extensions' in head.headers, perMessageDeflate);
	});
}

test('any other response rejects, and closes the connection', async (context) => {
	const site = await serve(context, (_locals, response) => {
		response.writeHead(401, { 'X-Why': 'guard' });
		response.end('no');
	});
	const answer = await read(site.handshake());
	assert.match(answer, /^HTTP\/1\.1 401 /);
	assert.match(answer, /X-Why: guard/);
	assert.match(answer, /Connection: close/);
	assert.match(answer, /\r\nno\r\n/);
});

test('a handshake may use the absolute form (RFC 6455 section 4.1)', async (context) => {
	const seen: unknown[] = [];
	const site = await serve(context, (locals, response, request) => {
		const { socket, response: accepted } = locals.upgradeWebSocket();
		seen.push(request.url, socket.url);
		writeResponse(accepted, response);
	});
	for (const target of ['http://x/chat?a=b', 'HTTPS://x:1', 'ws://x/chat']) {
		const client = site.handshake({}, target);
		const [head] = await once(client, 'data');
		assert.match(String(head), /^HTTP\/1\.1 101 /);
		client.destroy();
	}
	assert.deepEqual(
		seen,
		['/chat?a=b', '/', '/chat'].flatMap((path) => [path, `ws://x${path}`]),
	);
});

test('a rejection larger than the buffers is sent completely', async (context) => {
	const site = await serve(context, async (_locals, response) => {
		response.writeHead(403);
		for (let chunk = 0; chunk < 64; chunk++) {
			if (!response.write('x'.repeat(65_536))) await once(response, 'drain');
		}
		response.end('end');
	});
	const answer = await read(site.handshake());
	assert.ok(answer.length > 64 * 65_536);
	assert.match(answer.slice(-20), /end/);
});

test('a client that resets during the render does not end the process', async (context) => {
	const events: string[] = [];
	const steps = new EventEmitter();
	const answered = once(steps, 'answered');
	const site = await serve(context, async (locals, response) => {
		const { socket, response: accepted } = locals.upgradeWebSocket();
		socket.onopen = () => events.push('open');
		socket.onerror = () => events.push('error');
		socket.onclose = (event) => {
			events.push(`close ${event.code}`);
			steps.emit('closed');
		};
		await once(steps, 'closed');
		writeResponse(accepted, response);
		steps.emit('answered');
	});
	const client = site.handshake();
	await once(site.server, 'upgrade');
	client.resetAndDestroy();
	await answered;
	assert.deepEqual(events, ['error', 'close 1006']);
});

test('a client that ends its half during the render counts as left, as in plain HTTP', async (context) => {
	const events: string[] = [];
	const steps = new EventEmitter();
	const answered = once(steps, 'answered');
	const site = await serve(context, async (locals, response, request) => {
		const { socket, response: accepted } = locals.upgradeWebSocket();
		// Upstream derives its `request.signal` from this event.
		request.socket.once('close', () => events.push('socket close'));
		socket.onerror = ({ message }) => events.push(`error: ${message}`);
		socket.onclose = ({ code }) => {
			events.push(`close ${code}`);
			steps.emit('closed');
		};
		await once(steps, 'closed');
		writeResponse(accepted, response);
		steps.emit('answered');
	});
	const client = site.handshake();
	await once(site.server, 'upgrade');
	client.end();
	await answered;
	assert.deepEqual(events.toSorted(), [
		'close 1006',
		'error: The client left before the WebSocket was accepted.',
		'socket close',
	]);
	assert.equal(await read(client), '');
});

test('a rejection that has begun reaches a client that ended its half', async (context) => {
	const steps = new EventEmitter();
	const begun = once(steps, 'begun');
	const site = await serve(context, async (_locals, response, request) => {
		response.writeHead(403);
		response.write('beginning');
		steps.emit('begun');
		await once(request.socket, 'end');
		response.end(' and end');
	});
	const client = site.handshake();
	await begun;
	client.end();
	assert.match(await read(client), /beginning\r\n.* and end\r\n/s);
});

for (const leavesLate of [false, true]) {
	const when = leavesLate ? 'after' : 'within';
	test(`an endless response ends for a client that leaves ${when} handshakeTimeout`, async (context) => {
		const steps = new EventEmitter();
		const [begun, left] = [once(steps, 'begun'), once(steps, 'left')];
		const endless: Route = (_locals, response) => {
			response.writeHead(200, { 'Content-Type': 'text/event-stream' });
			response.write('data: first\n\n');
			response.once('close', () => steps.emit('left'));
			steps.emit('begun');
		};
		const site = await serve(context, endless, { options: { handshakeTimeout: 100 } });
		const client = site.handshake();
		await begun;
		if (leavesLate) await wait(200);
		client.end();
		await left;
		assert.match(await read(client), /data: first/);
		assert.equal(processRegistry().size, 0);
	});
}

test('a socket whose response was not returned gets error and close 1006', async (context) => {
	const events: string[] = [];
	const site = await serve(context, (locals, response) => {
		const { socket } = locals.upgradeWebSocket();
		socket.onerror = () => events.push('error');
		socket.onclose = (event) => events.push(`close ${event.code}`);
		response.writeHead(409);
		response.end();
	});
	assert.equal(await rejection(site.connect()), 409);
	assert.deepEqual(events, ['error', 'close 1006']);
});

test('a second upgradeWebSocket() in one request throws', async (context) => {
	let message = '';
	const site = await serve(context, (locals, response) => {
		const { response: accepted } = locals.upgradeWebSocket();
		try {
			locals.upgradeWebSocket();
		} catch (error) {
			message = String(error);
		}
		writeResponse(accepted, response);
	});
	await once(site.connect(), 'open');
	assert.match(message, /already called/);
});

test('no subprotocol is selected by default', async (context) => {
	const site = await serve(context, accept());
	const client = site.connect(['a', 'b']);
	// The client of `ws` requires a selected subprotocol.
	const [head] = (await once(client, 'upgrade')) as [IncomingMessage];
	assert.equal(head.headers['sec-websocket-protocol'], undefined);
});

test('a subprotocol that was not offered throws', async (context) => {
	let message = '';
	const site = await serve(context, (locals, response) => {
		try {
			locals.upgradeWebSocket({ protocol: 'c' });
		} catch (error) {
			message = String(error);
		}
		response.writeHead(400);
		response.end();
	});
	assert.equal(await rejection(site.connect(['a', 'b'])), 400);
	assert.match(message, /did not offer the WebSocket subprotocol "c". It offered: a, b\./);
});

test('a message over maxPayload closes with 1009', async (context) => {
	const site = await serve(context, accept(), { options: { maxPayload: 100 } });
	const client = await site.open();
	client.send('x'.repeat(101));
	const [code] = await once(client, 'close');
	assert.equal(code, 1009);
});

test('a foreign origin is answered with 403 before anything renders', async (context) => {
	let renders = 0;
	const site = await serve(context, (...parameters) => {
		renders++;
		return accept()(...parameters);
	});
	assert.equal((await site.answer({ Origin: 'https://evil.example' })).status, 403);
	assert.equal(renders, 0);
	await site.open({ Origin: `http://127.0.0.1:${site.port}` });
	await site.open({ Origin: 'https://allowed.example' });
});

for (const [name, head] of Object.entries({
	'h2c POST':
		'POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n',
	'handshake with a body': `${HANDSHAKE}Content-Length: 5\r\n`,
})) {
	for (const hasCallback of [true, false]) {
		const node = hasCallback ? 'with' : 'without';
		test(`a ${name} is served with its body, ${node} shouldUpgradeCallback`, async (context) => {
			const site = await serve(context, async (locals, response, request) => {
				const chunks: Buffer[] = [];
				for await (const chunk of request) chunks.push(chunk);
				response.end(`${locals.isUpgradeRequest} ${Buffer.concat(chunks)}`);
			});
			if (!hasCallback) Object.assign(site.server, { shouldUpgradeCallback: () => true });
			const client = connect(site.port, '127.0.0.1');
			client.write(`${head}Connection: close\r\n\r\n12`);
			await wait(20);
			client.write('345');
			assert.match(await read(client), /false 12345/);
		});
	}
}

test('requests for another protocol leave no listeners on a keep-alive connection', async (context) => {
	const listeners: number[] = [];
	const site = await serve(context, (_locals, response, { socket }) => {
		const counts = socket.eventNames().map((name) => socket.listenerCount(name));
		listeners.push(counts.reduce((sum, count) => sum + count, 0));
		response.end('served');
	});
	Object.assign(site.server, { shouldUpgradeCallback: () => true });
	const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
	for (let turn = 0; turn < 4; turn++) {
		const request = http.get({
			agent,
			port: site.port,
			headers: { Connection: 'Upgrade', Upgrade: 'h2c' },
		});
		const [response] = (await once(request, 'response')) as [IncomingMessage];
		assert.equal(await text(response), 'served');
	}
	agent.destroy();
	const [first] = listeners;
	assert.deepEqual(listeners, [first, first, first, first]);
});

for (const hasOther of [false, true]) {
	const beside = hasOther ? ', next to another listener' : '';
	test(`an upgrade pipelined behind requests is answered after them${beside}`, async (context) => {
		const site = await serve(context, async (locals, response, request) => {
			if (locals.isUpgradeRequest) {
				accept()(locals, response, request);
				return;
			}
			await wait(20);
			// More than the connection buffers without `drain`.
			for (let chunk = 0; chunk < 32; chunk++) {
				if (!response.write('x'.repeat(65_536))) await once(response, 'drain');
			}
			response.end('answered');
		});
		if (hasOther) site.server.on('upgrade', () => {});
		const client = connect(site.port, '127.0.0.1');
		const plain = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
		client.write(Buffer.from(`${plain}${plain}${HANDSHAKE}\r\n\x81\x82\0\0\0\0ok`, 'latin1'));
		let answer = '';
		for await (const chunk of client) {
			answer += chunk;
			if (answer.includes('echo ok')) break;
		}
		assert.match(answer, /^HTTP\/1\.1 200 .*answered.*HTTP\/1\.1 200 .*answered.*HTTP\/1\.1 101 /s);
	});
}

test('an upgrade behind a closing response gets no response', async (context) => {
	const site = await serve(context, async (locals, response) => {
		await wait(20);
		response.setHeader('Connection', 'close');
		response.end(String(locals.isUpgradeRequest));
	});
	const client = connect(site.port, '127.0.0.1');
	client.on('error', () => {});
	client.write(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${HANDSHAKE}\r\n`);
	const answer = await read(client);
	assert.match(answer, /^HTTP\/1\.1 200 .*false/s);
	assert.doesNotMatch(answer, / 101 /);
});

test('a client that resets while an upgrade waits for earlier responses does not end the process', async (context) => {
	const steps = new EventEmitter();
	const site = await serve(context, async (locals, response, request) => {
		if (locals.isUpgradeRequest) {
			accept()(locals, response, request);
			return;
		}
		steps.emit('begun');
		await once(response, 'close');
		steps.emit('closed');
	});
	const begun = once(steps, 'begun');
	const closed = once(steps, 'closed');
	const client = connect(site.port, '127.0.0.1');
	client.write(`GET / HTTP/1.1\r\nHost: x\r\n\r\n${HANDSHAKE}\r\n`);
	await begun;
	client.resetAndDestroy();
	await closed;
	(await site.open()).terminate();
});

test('frames in the packet of the handshake are not lost', async (context) => {
	const site = await serve(context, accept());
	const client = connect(site.port, '127.0.0.1');
	// Ends with a masked text frame, with the mask 0 0 0 0.
	client.write(Buffer.from(`${HANDSHAKE}\r\n\x81\x82\0\0\0\0ok`, 'latin1'));
	let answer = '';
	for await (const chunk of client) {
		answer += chunk;
		if (answer.includes('echo ok')) break;
	}
	assert.match(answer, /^HTTP\/1\.1 101 /);
});

test('a host that replaces the prototype and wraps writeHead() gets the events of a 101', async (context) => {
	const seen: unknown[] = [];
	const site = await serve(context, accept());
	site.server.prependListener('request', (_request, response: ServerResponse) => {
		Object.setPrototypeOf(response, Object.create(http.ServerResponse.prototype));
		const { writeHead } = response;
		Object.assign(response, {
			writeHead(...parameters: unknown[]) {
				response.setHeader('X-Host', 'yes');
				return Reflect.apply(writeHead, response, parameters);
			},
		});
		response.on('finish', () => seen.push('finish', response.statusCode, response.headersSent));
		response.on('close', () => seen.push('close'));
	});
	const head = await acceptance(site.connect());
	assert.equal(head.headers['x-host'], 'yes');
	assert.deepEqual(seen, ['finish', 101, true, 'close']);
});

test('other upgrade listeners keep the upgrades they take', async (context) => {
	const site = await serve(context, accept());
	const own = new WebSocketServer({ noServer: true });
	site.server.on('upgrade', (request, socket, head) => {
		if (request.url !== '/own') return;
		own.handleUpgrade(request, socket, head, (accepted) => accepted.send('own'));
	});
	const client = new WebSocket(`ws://127.0.0.1:${site.port}/own`);
	const [message] = await once(client, 'message');
	assert.equal(String(message), 'own');
	await once(site.connect(), 'open');
});
