import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SocketHandle } from '../shared/socket.ts';
import type { Receiver } from '../shared/transport.ts';

/** As the runtime of Workers has it: what is found as `on<type>` is called in front of listeners. */
const { dispatchEvent } = EventTarget.prototype;
EventTarget.prototype.dispatchEvent = function (event: Event): boolean {
	const handler: unknown = Reflect.get(this, `on${event.type}`);
	if (typeof handler === 'function') handler.call(this, event);
	return dispatchEvent.call(this, event);
};

const { WorkerSocket } = await import('./socket.ts');

interface Bench extends SocketHandle {
	readonly receiver: Receiver;
	readonly reports: unknown[];
}

function bench(): Bench {
	const reports: unknown[] = [];
	const handle = WorkerSocket.create({
		url: 'ws://example.com/',
		protocol: '',
		tags: [],
		data: undefined,
		maxHeldBytes: 1024,
		maxBufferedAmount: 1024,
		captureContext: () => ({
			runInAsyncScope: (run, thisArg, ...args) => run.apply(thisArg, args),
		}),
		report: (_, error) => reports.push(error),
	});
	let receiver: Receiver | undefined;
	handle.open({
		readyState: 1,
		bufferedAmount: 0,
		extensions: '',
		send() {},
		close() {},
		pause() {},
		resume() {},
		receive(given) {
			receiver = given;
		},
	});
	assert.ok(receiver !== undefined);
	return { ...handle, receiver, reports };
}

test('a handler is called once for each event', () => {
	const { socket, receiver } = bench();
	const got: unknown[] = [];
	socket.onmessage = (event) => got.push(event.data);
	receiver.message('one');
	receiver.message('two');
	assert.deepEqual(got, ['one', 'two']);
});

test('a handler keeps its place among the listeners', () => {
	const { socket, receiver } = bench();
	const got: string[] = [];
	socket.addEventListener('message', () => got.push('listener'));
	socket.onmessage = () => got.push('handler');
	receiver.message('one');
	assert.deepEqual(got, ['listener', 'handler']);
});

test('a handler that throws is guarded', () => {
	const { socket, receiver, reports } = bench();
	const error = new Error('from a handler');
	socket.onmessage = () => {
		throw error;
	};
	receiver.message('one');
	assert.deepEqual(reports, [error]);
});

test('the site sees its handlers, in and outside of events', () => {
	const { socket, receiver } = bench();
	const seen: unknown[] = [];
	const handler = (): unknown => seen.push(socket.onmessage);
	socket.onmessage = handler;
	socket.onclose = handler;
	assert.equal(socket.onmessage, handler);
	receiver.message('one');
	assert.deepEqual(seen, [handler]);
	socket.dispatchEvent(new Event('of-the-site'));
	assert.equal(socket.onclose, handler);
});
