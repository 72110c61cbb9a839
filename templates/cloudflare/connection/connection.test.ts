import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Receiver } from '../../socket/transport.ts';
import { Connection, type ConnectionLimits } from './connection.ts';
import type { PlatformSocket } from './platform.ts';

/** A fake of the runtime's socket. */
class FakeSocket implements PlatformSocket {
	/** Whether the current request is not the one that accepted the socket. */
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
	/** The events of the receiver. */
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

test('the socket is accepted with the first receiver, and delivers binary messages as buffers', () => {
	const socket = new FakeSocket();
	const connection = new Connection(socket, { maxPayload: 1, maxMessagesPerSecond: 0 });
	assert.equal(socket.isAccepted, false);
	connection.receive({ message() {}, failed() {}, closed() {} });
	assert.equal(socket.isAccepted, true);
	assert.equal(socket.binaryType, 'arraybuffer');
});

test('text and bytes are passed on unchanged', () => {
	const { socket, heard } = bench();
	const bytes = Uint8Array.of(1, 2).buffer;
	socket.fire('message', { data: 'text' });
	socket.fire('message', { data: bytes });
	assert.deepEqual(heard, [
		['message', 'text'],
		['message', bytes],
	]);
});

test('messages are sent at once, and then the callback is called', () => {
	const { socket, connection } = bench();
	const results: unknown[] = [];
	connection.send('text', (error) => results.push(error));
	connection.send(Uint8Array.of(1, 2));
	assert.deepEqual(socket.done, [
		['send', 'text'],
		['send', [1, 2]],
	]);
	assert.deepEqual(results, [undefined]);
});

test('messages and a close behind a Blob wait for it', async () => {
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

test('an unreadable Blob is reported, and closes with 1011', async () => {
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

test('a failed send() is passed to the callback, without an exception', () => {
	const { socket, connection } = bench();
	const results: unknown[] = [];
	socket.isLost = true;
	connection.send('lost', (error) => results.push(error));
	connection.send('lost');
	connection.close();
	connection.send('late', (error) => results.push(error));
	assert.equal(results.length, 2);
	assert.ok(results.every((error) => error instanceof Error));
});

test('every use in another request throws, and has no effect', () => {
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

test('a close frame is answered with the same code and reason', () => {
	const { socket, connection, heard } = bench();
	socket.closes(4000, 'why');
	assert.deepEqual(socket.done, [['close', 4000, 'why']]);
	assert.deepEqual(heard, [['closed', 4000, 'why']]);
	assert.equal(connection.readyState, 3);
});

test('a close frame without a code is answered without one', () => {
	const { socket, heard } = bench();
	socket.closes(1005);
	assert.deepEqual(socket.done, [['close', undefined, undefined]]);
	assert.deepEqual(heard, [['closed', 1005, '']]);
});

test('a code rejected by the runtime is answered without one', () => {
	const { socket } = bench();
	socket.closes(1004);
	assert.deepEqual(socket.done, [['close', undefined, undefined]]);
});

test('an answer to our own close frame is not answered', () => {
	const { socket, connection, heard } = bench();
	connection.close(1011);
	connection.close(1000);
	socket.closes(1011);
	assert.deepEqual(socket.done, [['close', 1011, undefined]]);
	assert.deepEqual(heard, [['closed', 1011, '']]);
});

test("a lost connection fails and closes with 1006, without the runtime's reason", () => {
	const { socket, heard } = bench();
	socket.closes(1006, 'WebSocket disconnected without sending Close frame.', false);
	assert.deepEqual(socket.done, []);
	assert.deepEqual(heard, [
		['failed', 'The WebSocket connection was lost.'],
		['closed', 1006, ''],
	]);
});

test('an error after a clean close is ignored', () => {
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
	['the maximum of bytes', 'x'.repeat(8), true],
	['one byte more', 'x'.repeat(9), false],
	['fewer characters, but more bytes', 'é'.repeat(5), false],
	['the same bytes in fewer characters', 'é'.repeat(4), true],
	['a buffer of the maximum of bytes', new ArrayBuffer(8), true],
	['a buffer of one byte more', new ArrayBuffer(9), false],
] as const) {
	test(`a message of ${name} ${fits ? 'is accepted' : 'closes the connection with 1009'}`, () => {
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
