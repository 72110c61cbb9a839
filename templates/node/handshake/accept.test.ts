import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as read } from 'node:timers/promises';
import { type ClientOptions, WebSocket } from 'ws';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import type { Receiver, Transport } from '../../socket/transport.ts';
import type { Connection } from '../connection/connection.ts';
import type { ConnectionSettings } from '../connection/connection-settings.ts';
import { shareMessage } from '../protocol/shared-message.ts';
import { acceptHandshake } from './accept.ts';

interface Bench {
	readonly client: WebSocket;
	readonly server: Connection;
	/** The client's end of the byte stream. */
	readonly wire: Socket;
	readonly warnings: string[];
}

/** A client and a server over a real connection. */
async function connect(
	context: TestContext,
	settings: Partial<ConnectionSettings> = {},
	options: ClientOptions = { perMessageDeflate: false },
): Promise<Bench> {
	const warnings: string[] = [];
	const host = http.createServer().listen(0, '127.0.0.1');
	const accepted = new Promise<Connection>((resolve, reject) => {
		host.on('upgrade', (request, socket, head) => {
			const transport = acceptHandshake(request, socket, head, {
				settings: { ...WEBSOCKET_DEFAULTS, ...settings },
				protocol: '',
				headers: [],
				warn: (message) => warnings.push(message),
			});
			if (transport !== undefined) resolve(transport);
			else reject(new Error('The client has gone.'));
		});
	});
	await once(host, 'listening');
	const { port } = host.address() as AddressInfo;
	const client = new WebSocket(`ws://127.0.0.1:${port}`, options);
	const wire = once(client, 'upgrade').then(([response]) => response.socket as Socket);
	context.after(() => {
		client.terminate();
		host.close();
		host.closeAllConnections();
	});
	await once(client, 'open');
	return { client, server: await accepted, wire: await wire, warnings };
}

const IGNORE: Receiver = { message() {}, failed() {}, closed() {} };

/** The next `count` messages as text. */
function messages(client: WebSocket, count: number): Promise<string[]> {
	const seen: string[] = [];
	return new Promise((resolve) => {
		client.on('message', (data) => {
			if (seen.push(String(data)) === count) resolve(seen);
		});
	});
}

test('the messages of one tick arrive in one chunk', async (context) => {
	const { client, server, wire } = await connect(context);
	let pieces = 0;
	wire.on('data', () => pieces++);
	const received = messages(client, 100);
	for (let index = 0; index < 100; index++) server.send(`message ${index}`);
	assert.deepEqual(
		await received,
		Array.from({ length: 100 }, (_, index) => `message ${index}`),
	);
	assert.equal(pieces, 1);
});

for (const perMessageDeflate of [false, true]) {
	const how = perMessageDeflate ? 'with' : 'without';
	test(`text, bytes, Blobs and the close frame keep their order ${how} compression`, async (context) => {
		const { client, server } = await connect(context, { perMessageDeflate }, { perMessageDeflate });
		assert.equal(server.extensions, perMessageDeflate ? 'permessage-deflate' : '');
		const sent = ['a', 'b'.repeat(5000), 'c', 'd'.repeat(100_000), 'e', 'f'.repeat(2000), 'g'];
		const received = messages(client, sent.length);
		const closed = once(client, 'close');
		for (const [index, text] of sent.entries()) {
			if (index % 3 === 0) server.send(new Blob([text]));
			else server.send(index % 3 === 1 ? text : Buffer.from(text));
		}
		server.close(4000, 'the end');
		assert.deepEqual(await received, sent);
		const [code, reason] = await closed;
		assert.deepEqual([code, String(reason)], [4000, 'the end']);
	});
}

for (const serverMaxWindowBits of [undefined, 10]) {
	const how = serverMaxWindowBits === undefined ? '' : ' with a smaller window';
	test(`shared messages keep their order on a compressed connection${how}`, async (context) => {
		const offer = { perMessageDeflate: { serverMaxWindowBits } };
		const { client, server, wire } = await connect(context, { perMessageDeflate: true }, offer);
		const texts = ['a', 'b'.repeat(5000), 'c', 'd'.repeat(100_000), 'e', 'f'.repeat(3000)];
		const sent = [...texts, ...texts, 'b'.repeat(5000)];
		const received = messages(client, sent.length);
		for (const text of texts) server.share(shareMessage(text));
		for (const text of texts) {
			if (text.length % 2 === 0) server.send(text);
			else server.share(shareMessage(Buffer.from(text)));
		}
		server.share(shareMessage('b'.repeat(5000)));
		assert.deepEqual(await received, sent);
		assert.ok(wire.bytesRead < 10_000, `${wire.bytesRead} bytes`);
	});
}

test('compression is not negotiated without the option', async (context) => {
	const { client } = await connect(context, {}, { perMessageDeflate: true });
	assert.equal(client.extensions, '');
});

test('maxPayload limits the inflated size of a compressed message', async (context) => {
	const settings = { perMessageDeflate: true, maxPayload: 100_000 };
	const { client } = await connect(context, settings, { perMessageDeflate: true });
	client.send('x'.repeat(200_000));
	const [code] = await once(client, 'close');
	assert.equal(code, 1009);
});

test('a client that does not read buffers at most maxBufferedAmount', async (context) => {
	const { server, wire, warnings } = await connect(context, { maxBufferedAmount: 1 << 20 });
	wire.pause();
	const message = new Uint8Array(1 << 16);
	let maximum = 0;
	for (let sent = 0; sent < 200 && server.readyState === 1; sent++) {
		server.send(message);
		maximum = Math.max(maximum, server.bufferedAmount);
		await new Promise(setImmediate);
	}
	assert.ok(maximum <= (1 << 20) + 20 * 10, `${maximum} bytes`);
	assert.equal(server.readyState, 2);
	assert.equal(warnings.length, 1);
	await new Promise<void>((closed) => server.receive({ ...IGNORE, closed: () => closed() }));
});

test('a client that reads can receive more than maxBufferedAmount in one tick', async (context) => {
	const { client, server } = await connect(context, { maxBufferedAmount: 1 << 17 });
	const message = 'x'.repeat(1 << 14);
	const received = messages(client, 16);
	for (let sent = 0; sent < 16; sent++) server.send(message);
	assert.equal((await received).length, 16);
	assert.equal(server.readyState, 1);
});

test('buffered messages of a slow client are not overwritten by messages to other clients', async (context) => {
	const slow = await connect(context, { maxBufferedAmount: 1 << 26 });
	const quick = await connect(context);
	slow.wire.pause();
	const count = 600;
	const received = messages(slow.client, count);
	for (let index = 0; index < count; index++) {
		const size = index % 2 === 0 ? 20_000 : 300;
		slow.server.send(index % 3 === 0 ? Buffer.alloc(size, index) : `${index % 10}`.repeat(size));
		quick.server.send('z'.repeat(size));
		quick.server.send(Buffer.alloc(size, 'z'));
		if (index % 5 === 0) await new Promise(setImmediate);
	}
	assert.ok(slow.server.bufferedAmount > 0);
	slow.wire.resume();
	for (const [index, text] of (await received).entries()) {
		const size = index % 2 === 0 ? 20_000 : 300;
		const expected =
			index % 3 === 0 ? String(Buffer.alloc(size, index)) : `${index % 10}`.repeat(size);
		assert.ok(text === expected, `message ${index}`);
	}
});

/** The events of the server's connection until its end. */
function end(server: Transport): Promise<[code: number, reason: string, errors: string[]]> {
	const errors: string[] = [];
	return new Promise((resolve) => {
		server.receive({
			...IGNORE,
			failed: (error) => errors.push(error.message),
			closed: (code, reason) => resolve([code, reason, errors]),
		});
	});
}

test('a client that closes gets the same code back', async (context) => {
	const frames: [code: number | undefined, reason: string, seen: number][] = [
		[4001, 'für heute', 4001],
		[undefined, '', 1005],
	];
	for (const [given, why, seen] of frames) {
		const { client, server } = await connect(context);
		const ended = end(server);
		client.close(given, why);
		const [code, reason] = await once(client, 'close');
		assert.deepEqual([code, String(reason)], [seen, why]);
		assert.deepEqual(await ended, [seen, why, []]);
		assert.equal(server.readyState, 3);
	}
});

test('a server that closes receives earlier messages, then the close frame', async (context) => {
	const { client, server } = await connect(context);
	const messages: unknown[] = [];
	const ended = new Promise((resolve) => {
		server.receive({
			...IGNORE,
			message: (data) => messages.push(data),
			closed: (code, reason) => resolve([code, reason]),
		});
	});
	client.send('on its way');
	server.close(3000, 'enough');
	assert.equal(server.readyState, 2);
	assert.deepEqual(await ended, [3000, 'enough']);
	assert.deepEqual(messages, ['on its way']);
});

test('an end without a closing handshake is reported as 1006', async (context) => {
	for (const leave of [
		(wire: Socket): unknown => wire.end(),
		(wire: Socket): unknown => wire.resetAndDestroy(),
	]) {
		const { client, server, wire } = await connect(context);
		client.on('error', () => {});
		const ended = end(server);
		leave(wire);
		assert.deepEqual(await ended, [1006, '', []]);
	}
});

for (const perMessageDeflate of [false, true]) {
	const how = perMessageDeflate ? ' with an extension' : '';
	test(`a client that ends its half has 30 s to read the rest${how}`, async (context) => {
		const settings = {
			perMessageDeflate,
			heartbeatInterval: 0,
			maxBufferedAmount: 64 * 1024 * 1024,
		};
		const { server, wire } = await connect(context, settings, { perMessageDeflate });
		const closed = new Promise<number>((resolve) => server.receive({ ...IGNORE, closed: resolve }));
		context.mock.timers.enable({ apis: ['setTimeout'] });
		wire.pause();
		// More than the buffers of the system. Short messages are not compressed.
		for (let sent = 0; sent < 20_000; sent++) server.send('x'.repeat(1000));
		wire.end();
		while (server.readyState === 1) await read();
		context.mock.timers.tick(29_999);
		await read();
		assert.equal(server.readyState, 2);
		context.mock.timers.tick(1);
		assert.equal(await closed, 1006);
	});
}

test('an invalid frame is reported, and closes with its code', async (context) => {
	const { client, server, wire } = await connect(context);
	const ended = end(server);
	// A frame that is not masked.
	wire.write(Buffer.from([0x81, 0x01, 0x61]));
	const [code] = await once(client, 'close');
	assert.equal(code, 1002);
	assert.deepEqual(await ended, [1006, '', ['A frame is not masked']]);
});

test('an unreadable Blob is reported, and closes with 1011', async (context) => {
	class Unreadable extends Blob {
		override arrayBuffer(): Promise<ArrayBuffer> {
			return Promise.reject(new Error('unreadable'));
		}
	}
	const { client, server } = await connect(context);
	const ended = end(server);
	const received: string[] = [];
	client.on('message', (data) => received.push(String(data)));
	const sent = new Promise((resolve) => {
		server.send('before');
		server.send(new Unreadable(['x']), resolve);
		server.send('behind');
	});
	const [code] = await once(client, 'close');
	assert.match(String(await sent), /unreadable/);
	assert.deepEqual([code, received], [1011, ['before']]);
	assert.deepEqual((await ended)[2], ['unreadable']);
});

test('a pong repeats the payload of its ping, behind earlier messages', async (context) => {
	const { client, server } = await connect(context);
	const seen: string[] = [];
	client.on('message', (data) => seen.push(String(data)));
	client.on('pong', (data) => seen.push(`pong ${data}`));
	server.receive({ ...IGNORE, message: () => server.send('answer') });
	client.send('question');
	client.ping('there?');
	await once(client, 'pong');
	assert.deepEqual(seen, ['answer', 'pong there?']);
});

for (const perMessageDeflate of [false, true]) {
	const how = perMessageDeflate ? ' with an extension' : '';
	test(`pongs are not buffered for a client that does not read${how}`, async (context) => {
		const { client, server, wire } = await connect(
			context,
			{ perMessageDeflate },
			{ perMessageDeflate },
		);
		wire.pause();
		let maximum = 0;
		for (let round = 0; round < 200; round++) {
			for (let ping = 0; ping < 200; ping++) client.ping('x'.repeat(125));
			await new Promise(setImmediate);
			maximum = Math.max(maximum, server.bufferedAmount);
		}
		assert.ok(maximum <= 65 * 1024, `${maximum} bytes`);
		assert.equal(server.readyState, 1);
	});
}

test('each ping of a burst is answered on a compressed connection', async (context) => {
	const settings = { perMessageDeflate: true };
	const { client, server, wire } = await connect(context, settings, settings);
	let pongs = 0;
	client.on('pong', () => pongs++);
	const ended = once(client, 'close');
	wire.cork();
	for (let ping = 0; ping < 100; ping++) client.ping();
	wire.uncork();
	client.close(4000);
	const [code] = await ended;
	assert.deepEqual([pongs, code, server.readyState], [100, 4000, 3]);
});

test('a paused connection receives nothing until it is resumed', async (context) => {
	const { client, server } = await connect(context);
	const seen: unknown[] = [];
	const ended = new Promise<void>((resolve) => {
		server.receive({
			...IGNORE,
			message: (data) => seen.push(data),
			closed: (code) => {
				seen.push(code);
				resolve();
			},
		});
	});
	server.pause?.();
	client.send('later');
	client.close(4000);
	await new Promise((resolve) => setTimeout(resolve, 20));
	assert.deepEqual(seen, []);
	server.resume?.();
	await ended;
	assert.deepEqual(seen, ['later', 4000]);
});
