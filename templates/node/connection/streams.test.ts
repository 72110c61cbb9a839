import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import { type ResolvedWebSocketOptions, WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import type { ServerWebSocket } from '../../socket/socket.ts';
import { SocketController } from '../../socket/socket-controller.ts';
import { acceptHandshake } from '../handshake/accept.ts';

interface Bench {
	readonly client: WebSocket;
	readonly socket: ServerWebSocket;
	/** The messages received by the client, as text. */
	readonly received: string[];
	/** The client's end of the byte stream. */
	readonly wire: Socket;
}

function create(): SocketController {
	return new SocketController({
		url: 'ws://example.com/',
		protocol: '',
		maxHeldBytes: 1024,
		runtime: { captureContext: () => new AsyncResource('Test') },
		report: assert.fail,
	});
}

/** A client and a socket over a real connection. `prepare` gets the socket before it opens. */
async function connect(
	context: TestContext,
	options: Partial<ResolvedWebSocketOptions> = {},
	prepare: (socket: ServerWebSocket) => void = () => {},
): Promise<Bench> {
	const settings = { ...WEBSOCKET_DEFAULTS, maxMessagesPerSecond: 0, ...options };
	const controller = create();
	const { socket } = controller;
	prepare(socket);
	const host = http.createServer().listen(0, '127.0.0.1');
	host.on('upgrade', (request, connection, head) => {
		const accepted = { settings, protocol: '', headers: [], warn: assert.fail };
		const transport = acceptHandshake(request, connection, head, accepted);
		if (transport !== undefined) controller.open(transport);
	});
	await once(host, 'listening');
	const { port } = host.address() as AddressInfo;
	const client = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
	client.on('error', () => {});
	const received: string[] = [];
	client.on('message', (data) => received.push(String(data)));
	const wire = once(client, 'upgrade').then(([response]) => response.socket as Socket);
	context.after(() => {
		client.terminate();
		host.close();
	});
	await once(client, 'open');
	return { client, socket, received, wire: await wire };
}

const soon = (milliseconds: number): Promise<void> =>
	new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a socket piped into itself echoes, and the pipe ends without an error', async (context) => {
	const { client, socket } = await connect(context);
	const piped = socket.readable.pipeTo(socket.writable);
	const seen: unknown[] = [];
	client.on('message', (data, isBinary) => seen.push([String(data), isBinary]));
	client.send('text');
	client.send(Buffer.from('bytes'));
	client.send('');
	while (seen.length < 3) await soon(1);
	client.close(1000);
	await piped;
	assert.deepEqual(seen, [
		['text', false],
		['bytes', true],
		['', false],
	]);
});

test('messages from before the first access to readable are read first', async (context) => {
	const { client, socket } = await connect(context);
	client.send('early');
	client.send('bird');
	await soon(20);
	const seen: unknown[] = [];
	const events: unknown[] = [];
	socket.addEventListener('close', () => events.push('close'));
	client.close();
	for await (const message of socket.readable) seen.push(message);
	assert.deepEqual([seen, events], [['early', 'bird'], ['close']]);
});

test('a slow reader applies backpressure to the client, and loses no message', async (context) => {
	const { client, socket } = await connect(context);
	const reader = socket.readable.getReader();
	const message = Buffer.alloc(1 << 16, 1);
	const count = 500;
	for (let index = 0; index < count; index++) client.send(message);
	await soon(100);
	// The kernel buffers some of the 32 MB, and the stream 64 KiB.
	assert.ok(client.bufferedAmount > 16 << 20, `${client.bufferedAmount} bytes`);
	client.close(1000);
	let bytes = 0;
	for (;;) {
		const { done, value } = await reader.read();
		if (done) break;
		bytes += value.length;
	}
	assert.equal(bytes, count * message.length);
});

test('a writer waits for a client that does not read, without closing the connection', async (context) => {
	const { client, socket, received, wire } = await connect(context, {
		maxBufferedAmount: 1 << 17,
	});
	const writer = socket.writable.getWriter();
	wire.pause();
	const message = new Uint8Array(1 << 16);
	const count = 500;
	let written = 0;
	let maximum = 0;
	const writing = (async () => {
		for (; written < count; written++) {
			await writer.write(message);
			maximum = Math.max(maximum, socket.bufferedAmount);
		}
		await writer.close();
	})();
	await soon(100);
	assert.ok(written < count, `${written} messages`);
	assert.ok(maximum <= 1 << 17, `${maximum} bytes`);
	wire.resume();
	const [code] = await once(client, 'close');
	await writing;
	assert.deepEqual([received.length, code], [count, 1000]);
});

test('messages written before the socket opens wait for it', async (context) => {
	const { client, received } = await connect(context, {}, (socket) => {
		const writer = socket.writable.getWriter();
		for (const message of ['one', new Blob(['two']), new Uint8Array([51])]) {
			void writer.write(message);
		}
		void writer.close();
	});
	const [code] = await once(client, 'close');
	assert.deepEqual([received, code], [['one', 'two', '3'], 1000]);
});

test('an invalid message before the socket opens fails its write, and not the handshake', async (context) => {
	let writing: Promise<void> | undefined;
	const { socket } = await connect(context, {}, ({ writable }) => {
		const faulty = {
			toString(): string {
				throw new Error('no text');
			},
		};
		writing = writable.getWriter().write(faulty as unknown as string);
		writing.catch(() => {});
	});
	await assert.rejects(writing ?? Promise.resolve(), { message: 'no text' });
	assert.equal(socket.readyState, socket.OPEN);
});

test('both streams fail if the connection is lost', async (context) => {
	const { socket, wire } = await connect(context);
	const reading = socket.readable.getReader().read();
	const { closed } = socket.writable.getWriter();
	wire.resetAndDestroy();
	await assert.rejects(reading, { name: 'NetworkError' });
	await assert.rejects(closed, { name: 'NetworkError' });
});

for (const how of ['close', 'terminate'] as const) {
	test(`writable ends if nobody reads what the client sent, after ${how}()`, async (context) => {
		const { client, socket } = await connect(context);
		const { promise: cancelled, resolve } = Promise.withResolvers<unknown>();
		const piping = new ReadableStream({ cancel: resolve }).pipeTo(socket.writable);
		client.send('unread');
		await soon(20);
		client[how]();
		await assert.rejects(piping, {
			name: how === 'close' ? 'InvalidStateError' : 'NetworkError',
		});
		await cancelled;
		// The message still waits for a handler, and the end for the message.
		const later: string[] = [];
		socket.addEventListener('message', () => later.push('message'));
		socket.addEventListener('close', () => later.push('close'));
		await soon(1);
		assert.deepEqual(later, ['message', 'close']);
		await assert.rejects(socket.writable.getWriter().closed);
	});
}

test('a message from before the end can still be read', async (context) => {
	const { client, socket } = await connect(context);
	client.send('unread');
	await soon(20);
	client.close();
	await soon(20);
	const seen: unknown[] = [];
	for await (const message of socket.readable) seen.push(message);
	assert.deepEqual(seen, ['unread']);
});

test('the streams of a failed handshake fail', async () => {
	const controller = create();
	const { socket } = controller;
	const reading = socket.readable.getReader().read();
	controller.fail(new Error('gone'));
	await assert.rejects(reading, { name: 'NetworkError' });
	await assert.rejects(socket.writable.getWriter().write('x'), { name: 'NetworkError' });
});

test('writing to a closed socket fails', async (context) => {
	const { client, socket } = await connect(context);
	const writer = socket.writable.getWriter();
	client.close(1000);
	await once(socket, 'close');
	await assert.rejects(writer.write('x'), { name: 'InvalidStateError' });
});

test('cancelling readable or aborting writable closes the connection', async (context) => {
	const cancelled = await connect(context);
	await cancelled.socket.readable.cancel();
	assert.deepEqual((await once(cancelled.client, 'close'))[0], 1005);
	const aborted = await connect(context);
	await aborted.socket.writable.abort(new Error('the source failed'));
	assert.deepEqual((await once(aborted.client, 'close'))[0], 1011);
});

test('abort() does not wait for a client that does not read', async (context) => {
	const { socket, wire } = await connect(context, { maxBufferedAmount: 1 << 17 });
	wire.pause();
	const writer = socket.writable.getWriter();
	const writes: Promise<unknown>[] = [];
	for (let index = 0; index < 300; index++) {
		writes.push(writer.write(new Uint8Array(1 << 16)).catch(() => 'refused'));
	}
	await soon(50);
	await writer.abort();
	assert.equal((await Promise.all(writes)).at(-1), 'refused');
	assert.equal(socket.readyState, socket.CLOSING);
});

test('a message larger than the send buffer fails its write', async (context) => {
	const { socket } = await connect(context, { maxBufferedAmount: 10, overflow: 'drop' });
	const writer = socket.writable.getWriter();
	await writer.write('0123456789');
	await assert.rejects(writer.write('0123456789a'), /11 bytes/);
});
