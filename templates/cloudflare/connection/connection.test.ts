import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Receiver } from '../../socket/transport.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import type { PlatformSocket } from './platform.ts';

/** The runtime's socket, which does nothing by itself. */
class FakeSocket implements PlatformSocket {
	/** Whether the request that runs is not the one that has accepted the socket. */
	isForeign = false;
	readonly extensions: string | null = null;
	binaryType = 'blob';
	isAccepted = false;
	isLost = false;
	readonly done: unknown[][] = [];
	readonly #listeners = new Map<string, (event: never) => void>();

	get readyState(): number {
		this.#checkRequest();
		return 1;
	}

	accept(): void {
		this.isAccepted = true;
	}

	send(data: string | Uint8Array | ArrayBuffer): void {
		this.#checkRequest();
		if (this.isLost) throw new TypeError("Can't call WebSocket send() after close().");
		this.done.push(['send', typeof data === 'string' ? data : [...new Uint8Array(data)]]);
	}

	close(...frame: unknown[]): void {
		this.#checkRequest();
		if (frame[0] === 1004 || frame[0] === 1005)
			throw new TypeError('Invalid WebSocket close code.');
		this.done.push(['close', ...frame]);
	}

	addEventListener(type: string, listener: (event: never) => void): void {
		this.#listeners.set(type, listener);
	}

	#checkRequest(): void {
		if (this.isForeign) throw new Error('Cannot perform I/O on behalf of a different request.');
	}

	fire(type: 'message' | 'close' | 'error', event: object): void {
		this.#listeners.get(type)?.(event as never);
	}

	closes(code: number, reason = '', wasClean = true): void {
		this.fire('close', { code, reason, wasClean });
	}
}

interface Bench {
	readonly socket: FakeSocket;
	readonly connection: Connection;
	/** What the receiver was told. */
	readonly heard: unknown[][];
}

function bench(limits: Partial<ConnectionLimits> = {}): Bench {
	const socket = new FakeSocket();
	const connection = new Connection(socket, {
		maxPayload: 1024,
		maxMessagesPerSecond: 0,
		...limits,
	});
	const heard: unknown[][] = [];
	const receiver: Receiver = {
		message: (data) => heard.push(['message', data]),
		failed: (error) => heard.push(['failed', error.message]),
		closed: (code, reason) => heard.push(['closed', code, reason]),
	};
	connection.receive(receiver);
	return { socket, connection, heard };
}

test('the socket is accepted once somebody listens, with binary messages as buffers', () => {
	const socket = new FakeSocket();
	const connection = new Connection(socket, { maxPayload: 1, maxMessagesPerSecond: 0 });
	assert.equal(socket.isAccepted, false);
	connection.receive({ message() {}, failed() {}, closed() {} });
	assert.equal(socket.isAccepted, true);
	assert.equal(socket.binaryType, 'arraybuffer');
});

test('text and bytes are handed on as they are', () => {
	const { socket, heard } = bench();
	const bytes = Uint8Array.of(1, 2).buffer;
	socket.fire('message', { data: 'text' });
	socket.fire('message', { data: bytes });
	assert.deepEqual(heard, [
		['message', 'text'],
		['message', bytes],
	]);
});

test('what is sent goes out at once, and that is told', () => {
	const { socket, connection } = bench();
	const told: unknown[] = [];
	connection.send('text', (error) => told.push(error));
	connection.send(Uint8Array.of(1, 2));
	assert.deepEqual(socket.done, [
		['send', 'text'],
		['send', [1, 2]],
	]);
	assert.deepEqual(told, [undefined]);
});

test('what comes behind a Blob waits for it, a close too', async () => {
	const { socket, connection } = bench();
	const bytes = Uint8Array.of(1, 2);
	connection.send(new Blob(['blob']));
	connection.send(bytes);
	bytes.fill(9);
	connection.send('text');
	assert.equal(connection.bufferedAmount, 10);
	const sent = new Promise((resolve) => connection.send('last', resolve));
	connection.close(1000, 'bye');
	assert.deepEqual(socket.done, []);
	assert.equal(connection.readyState, 2);
	await sent;
	await new Promise(setImmediate);
	assert.deepEqual(socket.done, [
		['send', [...new TextEncoder().encode('blob')]],
		['send', [1, 2]],
		['send', 'text'],
		['send', 'last'],
		['close', 1000, 'bye'],
	]);
	assert.equal(connection.bufferedAmount, 0);
});

test('a Blob that cannot be read is told, and closes with 1011', async () => {
	const { socket, connection, heard } = bench();
	class Unreadable extends Blob {
		override arrayBuffer(): Promise<ArrayBuffer> {
			return Promise.reject(new Error('unreadable'));
		}
	}
	const failed = new Promise<Error | null | undefined>((resolve) => {
		connection.send(new Unreadable(['x']), resolve);
	});
	const next = new Promise<Error | null | undefined>((resolve) => connection.send('next', resolve));
	assert.match(String(await failed), /unreadable/);
	assert.ok((await next) instanceof Error);
	assert.deepEqual(socket.done, [['close', 1011, undefined]]);
	assert.deepEqual(heard, [['failed', 'unreadable']]);
	assert.equal(connection.readyState, 2);
});

test('what cannot be sent any more is told, and is no exception', () => {
	const { socket, connection } = bench();
	const told: unknown[] = [];
	socket.isLost = true;
	connection.send('lost', (error) => told.push(error));
	connection.send('lost');
	connection.close();
	connection.send('late', (error) => told.push(error));
	assert.equal(told.length, 2);
	assert.ok(told.every((error) => error instanceof Error));
});

test('in another request every use throws, and nothing changes', () => {
	const { socket, connection } = bench();
	socket.isForeign = true;
	assert.throws(() => connection.send('text'), /Durable Object/);
	assert.throws(() => connection.send(new Blob(['blob'])), /Durable Object/);
	assert.throws(() => connection.close(1000), /Durable Object/);
	assert.equal(connection.readyState, 1);
	assert.equal(connection.bufferedAmount, 0);
	socket.isForeign = false;
	connection.send('text');
	connection.close(1000);
	assert.deepEqual(socket.done, [
		['send', 'text'],
		['close', 1000, undefined],
	]);
});

test('the client gets its closing frame back', () => {
	const { socket, connection, heard } = bench();
	socket.closes(4000, 'why');
	assert.deepEqual(socket.done, [['close', 4000, 'why']]);
	assert.deepEqual(heard, [['closed', 4000, 'why']]);
	assert.equal(connection.readyState, 3);
});

test('a closing frame without a code is answered without one', () => {
	const { socket, heard } = bench();
	socket.closes(1005);
	assert.deepEqual(socket.done, [['close', undefined, undefined]]);
	assert.deepEqual(heard, [['closed', 1005, '']]);
});

test('a code that the runtime does not send is answered without one', () => {
	const { socket } = bench();
	socket.closes(1004);
	assert.deepEqual(socket.done, [['close', undefined, undefined]]);
});

test('an answer to our own closing frame is not answered', () => {
	const { socket, connection, heard } = bench();
	connection.close(1011);
	connection.close(1000);
	socket.closes(1011);
	assert.deepEqual(socket.done, [['close', 1011, undefined]]);
	assert.deepEqual(heard, [['closed', 1011, '']]);
});

test('a connection that is lost fails and closes with 1006, without the words of the runtime', () => {
	const { socket, heard } = bench();
	socket.closes(1006, 'WebSocket disconnected without sending Close frame.', false);
	assert.deepEqual(socket.done, []);
	assert.deepEqual(heard, [
		['failed', 'The WebSocket connection was lost.'],
		['closed', 1006, ''],
	]);
});

test('the error that follows a clean close is hidden', () => {
	const { socket, heard } = bench();
	socket.closes(1000);
	socket.fire('error', { error: new Error('Network connection lost.') });
	assert.deepEqual(heard, [['closed', 1000, '']]);
});

test('an error ends the connection, once', () => {
	const { socket, connection, heard } = bench();
	socket.fire('error', { error: new Error('Network connection lost.') });
	socket.closes(1006, '', false);
	assert.deepEqual(heard, [
		['failed', 'Network connection lost.'],
		['closed', 1006, ''],
	]);
	assert.equal(connection.readyState, 3);
});

for (const [name, message, fits] of [
	['as many bytes as are allowed', 'x'.repeat(8), true],
	['one byte more', 'x'.repeat(9), false],
	['fewer characters, but more bytes', 'é'.repeat(5), false],
	['as many bytes in fewer characters', 'é'.repeat(4), true],
	['a buffer of as many bytes', new ArrayBuffer(8), true],
	['a buffer of one byte more', new ArrayBuffer(9), false],
] as const) {
	test(`a message of ${name} ${fits ? 'is let in' : 'closes the connection with 1009'}`, () => {
		const { socket, heard } = bench({ maxPayload: 8 });
		socket.fire('message', { data: message });
		socket.fire('message', { data: 'next' });
		assert.equal(heard.length, fits ? 2 : 0);
		assert.deepEqual(socket.done, fits ? [] : [['close', 1009, 'Message too big']]);
	});
}

test('messages over the rate close the connection with 1008', () => {
	const { socket, heard } = bench({ maxMessagesPerSecond: 2 });
	for (const data of ['a', 'b', 'c', 'd']) socket.fire('message', { data });
	assert.deepEqual(heard, [
		['message', 'a'],
		['message', 'b'],
	]);
	assert.deepEqual(socket.done, [['close', 1008, 'Too many messages']]);
});
