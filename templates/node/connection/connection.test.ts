import assert from 'node:assert/strict';
import { after, beforeEach, mock, test } from 'node:test';
import { setImmediate as read } from 'node:timers/promises';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import type { Payload } from '../../socket/transport.ts';
import { shareMessage } from '../protocol/shared-message.ts';
import type { RawReceiver, RawTransport, Wire } from '../protocol/transport.ts';
import { Connection } from './connection.ts';
import type { ConnectionSettings } from './connection-settings.ts';

class FakeRaw implements RawTransport {
	readyState: 0 | 1 | 2 | 3 = 1;
	bufferedAmount = 0;
	isPaused = false;
	extensions = '';
	extensionThreshold = Number.POSITIVE_INFINITY;
	takesCompressedFrames = false;
	receiver: RawReceiver | undefined;
	readonly calls: unknown[][] = [];

	send(data: Payload): void {
		this.calls.push(['send', data]);
	}

	ping(): void {
		this.calls.push(['ping']);
	}

	close(...frame: unknown[]): void {
		this.readyState = 2;
		this.calls.push(['close', ...frame]);
	}

	terminate(): void {
		this.calls.push(['terminate']);
	}

	pause(): void {
		this.isPaused = true;
	}

	resume(): void {
		this.isPaused = false;
	}
}

class FakeWire implements Wire {
	/** The written frames. */
	readonly written: Buffer[] = [];
	readonly writableLength = 0;
	cork(): void {}
	uncork(): void {}

	write(bytes: Uint8Array): void {
		this.written.push(Buffer.from(bytes));
	}
}

interface Bench {
	readonly connection: Connection;
	readonly raw: FakeRaw;
	readonly wire: FakeWire;
	readonly warnings: string[];
}

function bench(settings: Partial<ConnectionSettings>, extensionThreshold?: number): Bench {
	const raw = new FakeRaw();
	if (extensionThreshold !== undefined) {
		raw.extensions = 'permessage-deflate';
		raw.extensionThreshold = extensionThreshold;
	}
	const wire = new FakeWire();
	const warnings: string[] = [];
	const connection = new Connection(raw, wire, { ...WEBSOCKET_DEFAULTS, ...settings }, (message) =>
		warnings.push(message),
	);
	return { connection, raw, wire, warnings };
}

let now = 0;

/** Advances the timers and the clock. */
async function pass(milliseconds: number): Promise<void> {
	for (const end = now + milliseconds; now < end; ) {
		now += 1;
		mock.timers.tick(1);
		await read();
	}
}

beforeEach(() => {
	mock.reset();
	mock.timers.enable({ apis: ['setInterval', 'setTimeout'] });
	mock.method(performance, 'now', () => now);
});

after(() => mock.reset());

/** The payloads of short frames. */
function payloads(wire: FakeWire): string[] {
	const bytes = Buffer.concat(wire.written);
	const found: string[] = [];
	for (let start = 0; start < bytes.length; ) {
		const end = start + 2 + (bytes[start + 1] ?? 0);
		found.push(bytes.subarray(start + 2, end).toString());
		start = end;
	}
	return found;
}

const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

test('a message that fits into maxBufferedAmount is sent', async () => {
	const { connection, raw, wire } = bench({ maxBufferedAmount: 10 });
	raw.bufferedAmount = 4;
	connection.send('abcdef');
	await tick();
	assert.deepEqual(payloads(wire), ['abcdef']);
});

test('messages held until the end of the tick count as buffered', async () => {
	const { connection } = bench({});
	connection.send('abcdef');
	assert.equal(connection.bufferedAmount, 8);
	await tick();
	assert.equal(connection.bufferedAmount, 0);
});

test('unsent bytes of the handshake do not count as buffered', () => {
	const { connection, raw } = bench({});
	raw.bufferedAmount = 154;
	connection.receive({ message() {}, failed() {}, closed() {} });
	assert.equal(connection.bufferedAmount, 0);
	raw.bufferedAmount = 154 + 1000;
	assert.equal(connection.bufferedAmount, 1000);
	raw.bufferedAmount = 0;
	assert.equal(connection.bufferedAmount, 0);
	raw.bufferedAmount = 1000;
	assert.equal(connection.bufferedAmount, 1000);
});

test('send() copies bytes at the time of the call', async () => {
	const { connection, raw, wire } = bench({});
	const bytes = new Uint8Array([97, 98]);
	connection.send(bytes);
	connection.send(new Blob([]));
	connection.send(bytes);
	bytes.fill(120);
	await tick();
	assert.deepEqual(payloads(wire), ['ab']);
	assert.deepEqual(raw.calls.at(-1), ['send', new Uint8Array([97, 98])]);
});

test('messages behind a Blob wait for it', async () => {
	const { connection, raw, wire } = bench({});
	const blob = new Blob(['2']);
	connection.send('1');
	connection.send(blob);
	connection.send('3');
	assert.deepEqual(payloads(wire), ['1']);
	assert.deepEqual(raw.calls, [
		['send', blob],
		['send', '3'],
	]);
});

test('a control frame is sent behind earlier messages', () => {
	const { connection, raw, wire } = bench({});
	connection.send('before');
	raw.receiver?.beforeControl();
	assert.deepEqual(payloads(wire), ['before']);
});

test('a connection with compression passes messages to ws', () => {
	const { connection, raw } = bench({}, 0);
	connection.send('abc');
	assert.deepEqual(raw.calls, [['send', 'abc']]);
});

test('a slow client is closed with 1008, then terminated', async () => {
	const { connection, raw, warnings } = bench({ maxBufferedAmount: 10 });
	raw.bufferedAmount = 5;
	connection.send('abcdef');
	connection.send('abcdef');
	const closed = ['close', 1008, 'Too slow to receive messages'];
	assert.deepEqual(raw.calls.slice(0, 1), [closed]);
	assert.match(String(warnings), /maxBufferedAmount/);
	mock.timers.tick(2000);
	await read();
	assert.deepEqual(raw.calls.at(-1), ['terminate']);
});

test('a client that closes in time is not terminated', async () => {
	const { connection, raw } = bench({ maxBufferedAmount: 1 });
	connection.send('ab');
	raw.receiver?.closed(1008, '');
	mock.timers.tick(10_000);
	await read();
	assert.equal(raw.calls.length, 1);
});

test('with overflow "drop", a message that does not fit is dropped and the next one is sent', async () => {
	const { connection, raw, wire, warnings } = bench({ maxBufferedAmount: 10, overflow: 'drop' });
	const errors: unknown[] = [];
	raw.bufferedAmount = 8;
	connection.send('abc', (error) => errors.push(error));
	connection.send('ab');
	await tick();
	assert.deepEqual(payloads(wire), ['ab']);
	assert.match(String(errors), /3 bytes/);
	assert.deepEqual(warnings, []);
});

test('text counts in bytes, and Blobs by their size', async () => {
	const { connection, raw, wire } = bench({ maxBufferedAmount: 5, overflow: 'drop' });
	connection.send('ééé');
	connection.send(new Blob(['abcdef']));
	connection.send(new Uint8Array(6));
	connection.send('éé');
	await tick();
	assert.deepEqual(raw.calls, []);
	assert.deepEqual(payloads(wire), ['éé']);
});

test('messages held until the end of the tick do not count against the client', () => {
	const { connection, raw, wire } = bench({ maxBufferedAmount: 10 });
	connection.send('abcdef');
	connection.send('ghijkl');
	assert.deepEqual(raw.calls, []);
	assert.deepEqual(payloads(wire), ['abcdef']);
});

test('exceeding the message rate closes with 1008', () => {
	const { connection, raw } = bench({ maxMessagesPerSecond: 3 });
	const seen: number[] = [];
	connection.receive({
		message: () => seen.push(raw.readyState),
		failed: assert.fail,
		closed: () => assert.fail('it was closed'),
	});
	for (let message = 0; message < 4; message++) raw.receiver?.message('x');
	assert.deepEqual(raw.calls, [['close', 1008, 'Too many messages']]);
	// The last message finds the socket closing, so it is dropped.
	assert.deepEqual(seen, [1, 1, 1, 2]);
});

test('a silent client is terminated at the second ping', async () => {
	const { raw } = bench({ heartbeatInterval: 100 });
	await pass(210);
	assert.deepEqual(raw.calls.slice(0, 2), [['ping'], ['terminate']]);
});

test('an idle client is closed with 1001', async () => {
	const { raw } = bench({ heartbeatInterval: 0, idleTimeout: 100 });
	await pass(110);
	assert.deepEqual(raw.calls, [['close', 1001, 'Idle for too long']]);
});

test('a closed connection is not pinged', async () => {
	const { raw } = bench({ heartbeatInterval: 100 });
	raw.receiver?.closed(1000, '');
	await pass(1000);
	assert.deepEqual(raw.calls, []);
});

test('closing resumes reading, because the close frame of the peer must be read', () => {
	const { connection, raw } = bench({});
	connection.pause();
	connection.close(1000);
	assert.equal(raw.isPaused, false);
});

test('shared messages keep their order with others, and count', async () => {
	const { connection, wire } = bench({});
	connection.send('one');
	connection.share(shareMessage('two'));
	connection.send('three');
	assert.equal(connection.bufferedAmount, 17);
	assert.equal(connection.sent, 3);
	await tick();
	assert.deepEqual(payloads(wire), ['one', 'two', 'three']);
	assert.equal(connection.bufferedAmount, 0);
});

test('a shared message that exceeds maxBufferedAmount closes its own connection only', async () => {
	const slow = bench({ maxBufferedAmount: 10 });
	const other = bench({ maxBufferedAmount: 10 });
	slow.raw.bufferedAmount = 8;
	const message = shareMessage('abcdef');
	for (const { connection } of [slow, other]) connection.share(message);
	await tick();
	assert.deepEqual(slow.raw.calls, [['close', 1008, 'Too slow to receive messages']]);
	assert.deepEqual(slow.wire.written, []);
	assert.deepEqual(payloads(other.wire), ['abcdef']);
});

test('with overflow "drop", a shared message that does not fit is discarded', async () => {
	const { connection, raw, wire } = bench({ maxBufferedAmount: 10, overflow: 'drop' });
	raw.bufferedAmount = 8;
	connection.share(shareMessage('abcdef'));
	await tick();
	assert.deepEqual([raw.calls, wire.written, connection.sent], [[], [], 0]);
});

test('a connection with an extension gets the message of a shared frame', () => {
	const { connection, raw, wire } = bench({}, 0);
	const bytes = new Uint8Array([1, 2, 3]);
	connection.share(shareMessage('text'));
	connection.share(shareMessage(bytes));
	const [text, binary] = raw.calls.map(([, data]) => data);
	assert.equal(text, 'text');
	assert.ok(binary instanceof Uint8Array);
	assert.deepEqual([...binary], [1, 2, 3]);
	assert.deepEqual(wire.written, []);
});

test('a shared message waits behind a Blob', () => {
	const { connection, raw, wire } = bench({});
	const blob = new Blob(['blob']);
	connection.send(blob);
	connection.share(shareMessage('behind'));
	assert.deepEqual(raw.calls, [
		['send', blob],
		['send', 'behind'],
	]);
	assert.deepEqual(wire.written, []);
});

test('a closing connection gets no shared message', async () => {
	const { connection, raw, wire } = bench({});
	raw.readyState = 2;
	connection.share(shareMessage('late'));
	await tick();
	assert.deepEqual([raw.calls, wire.written, connection.sent], [[], [], 0]);
});

test('a text sent in a loop over connections reaches each of them in order', async () => {
	const benches = [bench({}), bench({}), bench({})];
	for (const text of ['one', 'two', 'two']) {
		for (const { connection } of benches) connection.send(text);
	}
	benches[1]?.connection.send('last');
	await tick();
	assert.deepEqual(
		benches.map(({ wire }) => payloads(wire)),
		[
			['one', 'two', 'two'],
			['one', 'two', 'two', 'last'],
			['one', 'two', 'two'],
		],
	);
});

test('messages below the threshold of an extension are sent without it, in order', async () => {
	const { connection, raw, wire } = bench({}, 5);
	connection.send('one');
	connection.share(shareMessage('two'));
	connection.share(shareMessage('compressed'));
	connection.send('later');
	await tick();
	assert.deepEqual(payloads(wire), ['one', 'two']);
	assert.deepEqual(
		raw.calls.map(([, data]) => data),
		['compressed', 'later'],
	);
});

test('a shared message is written compressed to a connection that takes such frames', async () => {
	const { connection, raw, wire } = bench({}, 0);
	raw.takesCompressedFrames = true;
	connection.share(shareMessage('a'.repeat(2000)));
	await tick();
	assert.deepEqual(raw.calls, []);
	assert.equal(wire.written[0]?.[0], 0xc1);
	connection.share(shareMessage('a'.repeat(100_000)));
	connection.share(shareMessage('behind it'));
	assert.equal(raw.calls.length, 2);
});
