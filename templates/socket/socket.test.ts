import assert from 'node:assert/strict';
import { AsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import type { ServerWebSocket } from './socket.ts';
import { SocketController } from './socket-controller.ts';
import type { Receiver, Transport } from './transport.ts';

class FakeTransport implements Transport {
	readyState: 0 | 1 | 2 | 3 = 1;
	bufferedAmount = 0;
	readonly extensions = '';
	readonly sent: unknown[] = [];
	readonly closed: unknown[][] = [];
	#receiver: Receiver | undefined;

	send(data: string | Uint8Array | Blob): void {
		this.sent.push(data);
	}

	pause(): void {}
	resume(): void {}

	close(...frame: unknown[]): void {
		this.readyState = 2;
		this.closed.push(frame);
	}

	receive(receiver: Receiver): void {
		this.#receiver = receiver;
	}

	message(data: string | ArrayBuffer): void {
		this.#receiver?.message(data);
	}

	fail(error: Error): void {
		this.#receiver?.failed(error);
	}

	end(code: number, reason = ''): void {
		this.readyState = 3;
		this.#receiver?.closed(code, reason);
	}
}

interface Bench extends Pick<SocketController, 'socket' | 'open' | 'fail'> {
	readonly transport: FakeTransport;
	readonly reports: unknown[];
}

function bench(): Bench {
	const reports: unknown[] = [];
	const controller = new SocketController({
		url: 'ws://example.com/chat',
		protocol: 'v1',
		maxHeldBytes: 1024,
		runtime: { captureContext: () => new AsyncResource('Test') },
		report: (message, error) => void reports.push(error ?? message),
	});
	return {
		socket: controller.socket,
		open: (transport) => controller.open(transport),
		fail: (error) => controller.fail(error),
		transport: new FakeTransport(),
		reports,
	};
}

/** Records the types of the socket's events. */
function record(socket: ServerWebSocket): string[] {
	const events: string[] = [];
	for (const type of ['open', 'message', 'error', 'close']) {
		socket.addEventListener(type, (event) => events.push(event.type));
	}
	return events;
}

test('events fire once, in order, with the socket as their target', () => {
	const { socket, open, transport } = bench();
	const events = record(socket);
	let target: EventTarget | null = null;
	socket.onopen = (event) => {
		target = event.target;
	};
	open(transport);
	transport.message('hello');
	transport.end(1000);
	assert.deepEqual(events, ['open', 'message', 'close']);
	assert.equal(target, socket);
});

test('early messages wait for the first handler', async () => {
	const { socket, open, transport } = bench();
	const seen: unknown[] = [];
	open(transport);
	transport.message('one');
	transport.message('two');
	socket.onmessage = (event) => seen.push(event.data);
	socket.onclose = (event) => seen.push(event.code);
	transport.end(1000);
	await Promise.resolve();
	assert.deepEqual(seen, ['one', 'two', 1000]);
});

test('close does not wait for a message handler', () => {
	const { socket, open, transport } = bench();
	const codes: number[] = [];
	socket.onclose = (event) => codes.push(event.code);
	open(transport);
	transport.message('unheard');
	transport.end(1001);
	assert.deepEqual(codes, [1001]);
});

test('a close event has the code, the reason and wasClean', () => {
	for (const [code, wasClean] of [
		[4000, true],
		[1006, false],
	] as const) {
		const { socket, open, transport } = bench();
		let seen: unknown;
		socket.onclose = (event) => {
			seen = [event.code, event.reason, event.wasClean];
		};
		open(transport);
		transport.end(code, 'bye');
		assert.deepEqual(seen, [code, 'bye', wasClean]);
	}
});

test('an exception in a handler is reported and closes the socket with 1011', () => {
	const { socket, open, transport, reports } = bench();
	socket.onmessage = () => {
		throw new Error('boom');
	};
	open(transport);
	transport.message('go');
	assert.match(String(reports[0]), /boom/);
	assert.deepEqual(transport.closed, [[1011]]);
});

test('a rejection of a handler is reported and closes the socket with 1011', async () => {
	const { socket, open, transport, reports } = bench();
	socket.addEventListener('open', () => Promise.reject(new Error('boom')));
	open(transport);
	await new Promise(setImmediate);
	assert.match(String(reports[0]), /boom/);
	assert.deepEqual(transport.closed, [[1011]]);
});

test('a failed handshake fires error, then close with 1006, once', () => {
	const { socket, fail } = bench();
	const events = record(socket);
	let code = 0;
	socket.onclose = (event) => {
		code = event.code;
	};
	fail(new Error('gone'));
	fail(new Error('gone'));
	assert.deepEqual(events, ['error', 'close']);
	assert.equal(code, 1006);
	assert.equal(socket.readyState, socket.CLOSED);
});

test('send() while connecting throws InvalidStateError', () => {
	assert.throws(() => bench().socket.send('early'), { name: 'InvalidStateError' });
});

test('close() while connecting closes the socket once connected, without an open event', () => {
	const { socket, open, transport } = bench();
	const events = record(socket);
	socket.close(4001, 'no');
	assert.equal(socket.readyState, socket.CLOSING);
	open(transport);
	transport.end(4001, 'no');
	assert.deepEqual(transport.closed, [[4001, 'no']]);
	assert.deepEqual(events, ['close']);
});

test('messages are dropped once the socket is closing', () => {
	const { socket, open, transport } = bench();
	const events = record(socket);
	open(transport);
	socket.close();
	transport.message('late');
	assert.deepEqual(events, ['open']);
});

test('send() sends only the bytes of the given view', () => {
	const { socket, open, transport } = bench();
	open(transport);
	const bytes = new Uint8Array([0, 1, 2, 3]);
	socket.send(bytes.subarray(1, 3));
	socket.send(bytes.buffer);
	assert.deepEqual(transport.sent, [new Uint8Array([1, 2]), new Uint8Array([0, 1, 2, 3])]);
});

test('binary messages follow binaryType', async () => {
	const { socket, open, transport } = bench();
	const seen: unknown[] = [];
	socket.onmessage = (event) => seen.push(event.data);
	open(transport);
	await Promise.resolve();
	assert.equal(socket.binaryType, 'blob');
	transport.message(new Uint8Array([1]).buffer);
	socket.binaryType = 'arraybuffer';
	Reflect.set(socket, 'binaryType', 'nodebuffer');
	transport.message(new Uint8Array([2]).buffer);
	const [blob, buffer] = seen;
	assert.ok(blob instanceof Blob);
	assert.deepEqual(await blob.arrayBuffer(), new Uint8Array([1]).buffer);
	assert.deepEqual(buffer, new Uint8Array([2]).buffer);
});

test('a reader and a handler get separate copies of the bytes', async () => {
	const { socket, open, transport } = bench();
	socket.binaryType = 'arraybuffer';
	socket.onmessage = ({ data }) => new Uint8Array(data as ArrayBuffer).fill(9);
	const reader = socket.readable.getReader();
	open(transport);
	transport.message(new Uint8Array([1, 2]).buffer);
	assert.deepEqual((await reader.read()).value, new Uint8Array([1, 2]));
});

test('reading the stream properties takes no messages', async () => {
	const { socket, open, transport } = bench();
	open(transport);
	const { readable, writable } = socket;
	await Promise.resolve();
	transport.message('held');
	const seen: unknown[] = [];
	socket.onmessage = (event) => seen.push(event.data);
	transport.message('delivered');
	await Promise.resolve();
	assert.deepEqual(seen, ['held', 'delivered']);
	const reader = readable.getReader();
	transport.message('read');
	assert.equal((await reader.read()).value, 'read');
	assert.equal(writable.locked, false);
});

test('on* handlers can be replaced and removed', () => {
	const { socket, open, transport } = bench();
	const seen: string[] = [];
	const listener = (): number => seen.push('listener');
	socket.onopen = () => seen.push('first');
	socket.addEventListener('open', listener);
	socket.onopen = () => seen.push('second');
	socket.onerror = () => seen.push('error');
	socket.onerror = null;
	assert.equal(socket.onerror, null);
	open(transport);
	transport.fail(new Error('x'));
	assert.deepEqual(seen, ['second', 'listener']);
});

test('a listener can be removed, and runs once if added twice', () => {
	const { socket, open, transport } = bench();
	let calls = 0;
	const listener = (): number => calls++;
	socket.addEventListener('open', listener);
	socket.addEventListener('open', listener);
	socket.addEventListener('error', listener);
	socket.removeEventListener('error', listener);
	open(transport);
	transport.fail(new Error('x'));
	assert.equal(calls, 1);
});

test('a message event has every member of MessageEvent', () => {
	const { socket, open, transport } = bench();
	const seen: unknown[] = [];
	let event: MessageEvent | undefined;
	socket.addEventListener('message', (message) => {
		event = message as MessageEvent;
		seen.push(event.target === socket, event.currentTarget === socket, event.eventPhase);
		seen.push(event.composedPath()[0] === socket);
		event.stopImmediatePropagation();
	});
	socket.addEventListener('message', () => seen.push('stopped'));
	open(transport);
	transport.message('hello');
	assert.deepEqual(seen, [true, true, 2, true]);

	assert.ok(event instanceof MessageEvent);
	const native = new MessageEvent('message', { data: 'hello', origin: 'ws://example.com' });
	native.stopImmediatePropagation();
	const changing = ['target', 'srcElement', 'timeStamp'];
	for (const name in native) {
		const [actual, expected]: unknown[] = [Reflect.get(event, name), Reflect.get(native, name)];
		if (changing.includes(name)) continue;
		if (typeof expected === 'function') assert.equal(typeof actual, 'function', name);
		else assert.deepEqual(actual, expected, name);
	}
	assert.equal(event.target, socket);
	assert.equal(typeof event.timeStamp, 'number');
	event.preventDefault();
	assert.equal(event.defaultPrevented, false);
	assert.deepEqual([event.currentTarget, event.eventPhase, event.composedPath()], [null, 0, []]);
});
