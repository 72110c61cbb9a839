import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { describe, it } from 'node:test';
import { type WebSocket, WebSocketServer } from 'ws';
import { InProcessSocket } from './in-process-socket.ts';
import { injectWebSocket } from './inject.ts';

/** A server that never listens. It refuses `/secret`, and answers each message of other paths. */
function echoServer(): Server & { readonly requests: IncomingMessage[] } {
	const requests: IncomingMessage[] = [];
	const sockets = new WebSocketServer({ noServer: true });
	const server = createServer();
	server.on('upgrade', (request, socket, head) => {
		requests.push(request);
		if (request.url === '/secret') {
			const lines = ['HTTP/1.1 401 Unauthorized', 'X-Why: nobody', 'Content-Length: 13', '', ''];
			socket.end(`${lines.join('\r\n')}Log in first.`);
			return;
		}
		sockets.handleUpgrade(request, socket, head, (accepted: WebSocket) => {
			accepted.send('welcome');
			accepted.on('message', (data, isBinary) => {
				if (String(data) === 'leave') accepted.close(4000, 'as you wish');
				else accepted.send(data, { binary: isBinary });
			});
		});
	});
	return Object.assign(server, { requests });
}

describe('An injected WebSocket', () => {
	it('talks to a server that does not listen', async () => {
		const server = echoServer();
		const socket = await injectWebSocket('/echo?loud', {
			server,
			headers: { 'x-tenant': 'a' },
			cookies: { user: 'ada', tea: 'a b' },
			protocols: ['chat'],
		});
		assert.equal(await socket.next(), 'welcome');
		socket.send('hi');
		assert.equal(await socket.next(), 'hi');
		const bytes = crypto.getRandomValues(new Uint8Array(60_000));
		for (let count = 0; count < 20; count++) socket.send(bytes);
		for (let count = 0; count < 20; count++) assert.deepEqual(await socket.next(), bytes);
		assert.equal(socket.protocol, 'chat');
		assert.equal(socket.headers.get('upgrade'), 'websocket');
		assert.deepEqual(await socket.close(1000, 'bye'), { code: 1000, reason: 'bye' });
		const [{ url, headers } = assert.fail()] = server.requests;
		assert.equal(url, '/echo?loud');
		assert.deepEqual([headers['x-tenant'], headers.cookie], ['a', 'user=ada; tea=a%20b']);
		assert.equal(server.address(), null);
	});

	it('talks also where the test runner has replaced the timers', async (context) => {
		context.mock.timers.enable({ apis: ['setImmediate', 'setTimeout'] });
		const socket = await injectWebSocket('/', { server: echoServer() });
		assert.equal(await socket.next(), 'welcome');
		socket.drop();
		assert.equal((await socket.closed()).code, 1006);
	});

	it('rejects with the response of a server that refuses', async () => {
		await assert.rejects(
			injectWebSocket('/secret', { server: echoServer() }),
			(error: { readonly response: Response; readonly message: string }) => {
				assert.equal(error.message, 'The handshake was refused with 401: Log in first.');
				assert.equal(error.response.headers.get('x-why'), 'nobody');
				return true;
			},
		);
	});

	it('tells how the server closed, and what the socket saw before', async () => {
		const socket = await injectWebSocket('/', { server: echoServer() });
		await socket.next();
		await assert.rejects(socket.next({ timeout: 1 }), {
			message: /^No message came within 1 ms\. The socket saw:\n +\d+ ms {2}← welcome$/,
		});
		await assert.rejects(socket.closed({ timeout: 1 }), {
			message: /^The connection did not end within 1 ms\./,
		});
		socket.send('leave');
		assert.deepEqual(await socket.closed(), { code: 4000, reason: 'as you wish' });
	});

	it('breaks off without a close', async () => {
		const server = echoServer();
		const connected = once(server, 'upgrade');
		const socket = await injectWebSocket('/', { server });
		const [, serverSide] = await connected;
		const ended = once(serverSide, 'close');
		socket.drop();
		assert.equal((await socket.closed()).code, 1006);
		await ended;
	});

	it('names the command that is missing', async () => {
		await assert.rejects(injectWebSocket('/', { entry: 'nowhere/entry.mjs' }), {
			message: /nowhere\/entry\.mjs\. Run `astro build` first/,
		});
	});
});

describe('A connection in the process', () => {
	it('makes a writer wait for a reader', async () => {
		const [one, other] = InProcessSocket.pair();
		const chunk = Buffer.alloc(64 * 1024, 'x');
		let written = 0;
		const write = (): void => {
			one.write(chunk, () => {
				written++;
				if (written < 64) write();
				else one.end();
			});
		};
		write();
		await once(other, 'readable');
		// Some turns later it still waits: the first chunk fills the reader.
		for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setImmediate(resolve));
		assert.ok(written < 4, `${written} chunks were written`);
		let length = 0;
		for await (const received of other) length += received.length;
		assert.equal(length, 64 * chunk.length);
	});
});
