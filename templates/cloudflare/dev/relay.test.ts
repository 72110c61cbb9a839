import assert from 'node:assert/strict';
import { once } from 'node:events';
import http, { type IncomingMessage, type RequestListener } from 'node:http';
import net, { type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { WebSocket, WebSocketServer } from 'ws';
import { FORBIDDEN_ORIGIN } from '../../handshake/refusal.ts';
import { closeRelayed, relayHandshakes } from './relay.ts';

interface Dev {
	readonly port: number;
	readonly root: string;
	/** The reports. */
	readonly reports: string[];
	/** The handshakes received by the Worker. */
	readonly handshakes: IncomingMessage[];
}

interface Worker {
	/** Answers handshakes instead of accepting them. */
	readonly refuse?: RequestListener;
	/** The subprotocol selected by the Worker. */
	readonly protocol?: string;
}

async function listen(server: http.Server, context: TestContext): Promise<number> {
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	context.after(() => {
		server.close();
		server.closeAllConnections();
	});
	return (server.address() as AddressInfo).port;
}

/** A dev server with the relay, and with a plugin that passes upgrades on like Cloudflare's. */
async function serve(context: TestContext, { refuse, protocol }: Worker = {}): Promise<Dev> {
	const handshakes: IncomingMessage[] = [];
	const sockets = new Set<Duplex>();
	context.after(() => {
		for (const socket of sockets) socket.destroy();
	});
	const worker = http.createServer();
	const workerSockets = new WebSocketServer({
		noServer: true,
		handleProtocols: () => protocol ?? false,
	});
	worker.on('upgrade', (request, socket, head) => {
		sockets.add(socket);
		handshakes.push(request);
		if (refuse === undefined) {
			workerSockets.handleUpgrade(request, socket, head, (ws) =>
				ws.on('message', (data) => ws.send(data)),
			);
			return;
		}
		const response = new http.ServerResponse(request);
		response.assignSocket(socket as net.Socket);
		refuse(request, response);
	});
	const workerPort = await listen(worker, context);

	const server = http.createServer(async (request, response) => {
		response.setHeader('Connection', 'close');
		response.end(`ordinary, upgrade: ${request.headers.upgrade}, body: ${await text(request)}`);
	});
	const plugin = new WebSocketServer({ noServer: true });
	server.on('upgrade', (request, socket, head) => {
		sockets.add(socket);
		socket.on('error', () => socket.destroy());
		if (request.headers['sec-websocket-protocol']?.startsWith('vite')) return;
		if (request.headers.upgrade !== 'websocket') return void socket.destroy();
		const { 'sec-websocket-protocol': _, ...headers } = request.headers;
		const at = request.rawHeaders.findIndex((name) => /^sec-websocket-protocol$/i.test(name));
		const offered =
			at < 0 ? [] : (request.rawHeaders[at + 1] ?? '').split(',').map((name) => name.trim());
		const toWorker = new WebSocket(`ws://127.0.0.1:${workerPort}${request.url}`, offered, {
			headers,
		});
		toWorker.on('error', () => socket.destroy());
		toWorker.on('unexpected-response', () => socket.destroy());
		toWorker.on('open', () => {
			plugin.handleUpgrade(request, socket, head, (client) => {
				client.on('message', (data, isBinary) => toWorker.send(data, { binary: isBinary }));
				toWorker.on('message', (data, isBinary) => client.send(data, { binary: isBinary }));
				client.on('close', () => toWorker.close());
			});
		});
	});
	const reports: string[] = [];
	const port = await listen(server, context);
	const root = `/site-${port}`;
	relayHandshakes(server, {
		root,
		isAnswered: ({ url }) => url === '/file.txt',
		report: (message) => reports.push(message),
	});
	return { port, root, reports, handshakes };
}

interface Answer {
	readonly head: string;
	readonly body: string;
}

/** Sends a request and reads until the server closes the connection. */
async function ask(port: number, ...lines: string[]): Promise<Answer> {
	return send(port, ['GET /chat HTTP/1.1', 'Host: localhost', ...lines, '', ''].join('\r\n'));
}

async function send(port: number, request: string): Promise<Answer> {
	const socket = net.connect(port, '127.0.0.1');
	socket.write(request);
	const answer = await text(socket);
	const [head = '', body = ''] = answer.split('\r\n\r\n');
	return { head, body };
}

const HANDSHAKE = [
	'Connection: Upgrade',
	'Upgrade: websocket',
	'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
	'Sec-WebSocket-Version: 13',
];

/** Returns the subprotocol of an accepted handshake. */
async function accepted({ port }: Dev, offered: string): Promise<string | undefined> {
	const request = http.get({
		port,
		headers: {
			...Object.fromEntries(HANDSHAKE.map((line) => line.split(': ') as [string, string])),
			...(offered !== '' && { 'Sec-WebSocket-Protocol': offered }),
		},
	});
	const [response, socket] = (await once(request, 'upgrade')) as [IncomingMessage, net.Socket];
	socket.destroy();
	return response.headers['sec-websocket-protocol'];
}

test('a refusal reaches the client with status, headers, cookies and body', async (context) => {
	const dev = await serve(context, {
		refuse: (_, response) => {
			response.writeHead(401, 'Log in', { 'Set-Cookie': ['a=1', 'b=2'], 'X-Why': 'because' });
			response.end('Log in first.');
		},
	});
	const { head, body } = await ask(dev.port, ...HANDSHAKE);
	assert.match(head, /^HTTP\/1\.1 401 Log in\r\n/);
	assert.match(head, /Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Why: because/);
	assert.match(head, /Connection: close/i);
	assert.match(body, /Log in first\./);
});

test('the refusal of an origin names the option that allows it, and is logged once', async (context) => {
	const { status, message } = FORBIDDEN_ORIGIN;
	const dev = await serve(context, {
		refuse: ({ headers }, response) => {
			// The local runtime compresses for those who take it, as browsers do.
			const isCompressed = headers['accept-encoding']?.includes('gzip') === true;
			const body = isCompressed ? gzipSync(message) : message;
			response.writeHead(status, { 'Content-Length': body.length });
			response.end(body);
		},
	});
	const browser = ['Origin: https://evil.example', 'Accept-Encoding: gzip, deflate, br, zstd'];
	const explanation = /"https:\/\/evil\.example" was refused .* `websocket\.allowedOrigins`/;
	for (let attempt = 0; attempt < 2; attempt++) {
		const { head, body } = await ask(dev.port, ...HANDSHAKE, ...browser);
		assert.match(head, /^HTTP\/1\.1 403 /);
		assert.ok(body.includes(message));
		assert.match(body, explanation);
	}
	assert.equal(dev.reports.length, 1);
	assert.match(dev.reports[0] ?? '', explanation);
});

test('a long refusal arrives completely', async (context) => {
	const long = 'x'.repeat(1_000_000);
	const dev = await serve(context, {
		refuse: (_, response) => {
			response.writeHead(403, { 'Content-Length': long.length });
			response.end(long);
		},
	});
	const { body } = await ask(dev.port, ...HANDSHAKE);
	assert.equal(body.length, long.length);
});

test('an exception of the Worker is reported, and the client gets 500 without it', async (context) => {
	const dev = await serve(context, {
		refuse: (_, response) => {
			response.writeHead(500, { 'MF-Experimental-Error-Stack': 'true' });
			response.end(JSON.stringify({ message: 'oops', stack: 'Error: oops\n    at route' }));
		},
	});
	const { head, body } = await ask(dev.port, ...HANDSHAKE);
	assert.match(head, /^HTTP\/1\.1 500 /);
	assert.match(body, /Internal server error\./);
	assert.doesNotMatch(body, /oops/);
	assert.deepEqual(dev.reports, ['Internal server error: Error: oops\n    at route']);
});

test('the subprotocol selected by the Worker reaches the client', async (context) => {
	assert.equal(await accepted(await serve(context, { protocol: 'b' }), 'a, b'), 'b');
});

test('the client gets no subprotocol if the Worker selects none', async (context) => {
	assert.equal(await accepted(await serve(context), 'a, b'), undefined);
	assert.equal(await accepted(await serve(context), ''), undefined);
});

test("a subprotocol with the prefix of Vite's is passed on", async (context) => {
	const dev = await serve(context, { protocol: 'vite-chat' });
	assert.equal(await accepted(dev, 'vite-chat, b'), 'vite-chat');
	assert.equal(dev.handshakes[0]?.headers['sec-websocket-protocol'], 'vite-chat,b');
});

test("Vite's own connections are ignored", async (context) => {
	const dev = await serve(context);
	const socket = net.connect(dev.port, '127.0.0.1');
	context.after(() => socket.destroy());
	const lines = ['GET / HTTP/1.1', 'Host: localhost', ...HANDSHAKE];
	socket.write([...lines, 'Sec-WebSocket-Protocol: vite-hmr', '', ''].join('\r\n'));
	assert.equal(await accepted(dev, ''), undefined);
	assert.equal(dev.handshakes.length, 1);
	assert.equal(socket.bytesRead, 0);
});

test('the Upgrade header is case-insensitive', async (context) => {
	const dev = await serve(context, { refuse: (_, response) => void response.writeHead(418).end() });
	const lines = HANDSHAKE.map((line) => line.replace('websocket', 'WebSocket'));
	const { head } = await ask(dev.port, ...lines);
	assert.match(head, /^HTTP\/1\.1 418 /);
});

test('an upgrade to h2c is an ordinary request', async (context) => {
	const dev = await serve(context);
	const lines = HANDSHAKE.map((line) => line.replace('Upgrade: websocket', 'Upgrade: h2c'));
	const { head, body } = await ask(dev.port, ...lines);
	assert.match(head, /^HTTP\/1\.1 200 /);
	assert.match(body, /ordinary, upgrade: undefined/);
	assert.equal(dev.handshakes.length, 0);
});

for (const [name, from, to, status] of [
	['a bad key', /Key: .*/, 'Key: bad', 400],
	['another version', 'Version: 13', 'Version: 8', 426],
] as const) {
	test(`a handshake with ${name} gets ${status}`, async (context) => {
		const dev = await serve(context);
		const { head } = await ask(dev.port, ...HANDSHAKE.map((line) => line.replace(from, to)));
		assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `));
		assert.equal(head.includes('Sec-WebSocket-Version: 13'), status === 426);
		assert.equal(dev.handshakes.length, 0);
	});
}

test('a POST with an Upgrade header keeps its body', async (context) => {
	const dev = await serve(context);
	const lines = ['Connection: Upgrade', 'Upgrade: h2c', 'Content-Length: 6'];
	const request = ['POST / HTTP/1.1', 'Host: localhost', ...lines, '', 'a body'].join('\r\n');
	const { body } = await send(dev.port, request);
	assert.match(body, /ordinary, upgrade: undefined, body: a body/);
});

test('a handshake with the path of a file is a request for the file', async (context) => {
	const dev = await serve(context);
	const lines = ['GET /file.txt HTTP/1.1', 'Host: localhost', ...HANDSHAKE, '', ''];
	const { body } = await send(dev.port, lines.join('\r\n'));
	assert.match(body, /ordinary, upgrade: undefined/);
	assert.equal(dev.handshakes.length, 0);
});

test('a pipelined handshake does not overtake the response before it', async (context) => {
	const dev = await serve(context);
	const first = ['POST / HTTP/1.1', 'Host: localhost', 'Content-Length: 1', '', 'x'];
	const second = ['GET / HTTP/1.1', 'Host: localhost', ...HANDSHAKE, '', ''];
	const { head } = await send(dev.port, [...first, ...second].join('\r\n').replace('x\r\n', 'x'));
	assert.doesNotMatch(head, / 101 /);
	assert.equal(dev.handshakes.length, 0);
});

test('a restart closes the connections of its site with 1001', async (context) => {
	const [one, other] = [await serve(context), await serve(context)];
	const socket = new WebSocket(`ws://127.0.0.1:${one.port}/`);
	const elsewhere = new WebSocket(`ws://127.0.0.1:${other.port}/`);
	await Promise.all([once(socket, 'open'), once(elsewhere, 'open')]);
	const closed = once(socket, 'close');
	await closeRelayed(one.root);
	assert.equal((await closed)[0], 1001);
	elsewhere.send('still here');
	assert.equal(String((await once(elsewhere, 'message'))[0]), 'still here');
	elsewhere.terminate();
});
