import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { test } from 'node:test';
import { Outbox, recentMessage } from './outbox.ts';
import { shareMessage } from './shared-message.ts';

interface Bench {
	readonly outbox: Outbox;
	/** The writes to the system, as payloads of short frames. */
	readonly writes: string[][];
	send(message: string | Uint8Array, sent?: () => void): void;
}

function payloads(bytes: Buffer): string[] {
	if (bytes.length > 127) return [`${bytes.length} bytes`];
	const found: string[] = [];
	for (let start = 0; start < bytes.length; ) {
		const end = start + 2 + (bytes[start + 1] ?? 0);
		found.push(bytes.subarray(start + 2, end).toString());
		start = end;
	}
	return found;
}

function bench(): Bench {
	const writes: string[][] = [];
	const wire = new Writable({
		write(chunk, _encoding, done) {
			writes.push(payloads(chunk));
			done();
		},
	});
	const outbox = new Outbox(wire);
	return {
		outbox,
		writes,
		send: (message, sent) => outbox.send(message, Buffer.byteLength(message), sent),
	};
}

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

test('messages of one tick leave in one write, in order', async () => {
	const { send, writes } = bench();
	for (const message of ['one', Buffer.from('two'), 'drei ü', '']) send(message);
	assert.deepEqual(writes, []);
	await nextTick();
	assert.deepEqual(writes, [['one', 'two', 'drei ü', '']]);
});

test('a single message leaves before the end of the tick', async () => {
	const { send, writes } = bench();
	let isLater = false;
	setImmediate(() => {
		isLater = true;
	});
	send('alone');
	await nextTick();
	assert.deepEqual(writes, [['alone']]);
	assert.equal(isLater, false);
});

test('messages sent in microtasks leave in one write as well', async () => {
	const { send, writes } = bench();
	for (const text of ['one', 'two']) Promise.resolve().then(() => send(text));
	await new Promise(setImmediate);
	assert.deepEqual(writes, [['one', 'two']]);
});

test('held messages leave in one write on letGo(), before the end of the tick', async () => {
	const { outbox, send, writes } = bench();
	outbox.hold();
	send('one');
	send('two');
	await nextTick();
	assert.deepEqual(writes, []);
	outbox.letGo();
	assert.deepEqual(writes, [['one', 'two']]);
	send('three');
	await nextTick();
	assert.deepEqual(writes, [['one', 'two'], ['three']]);
});

test('messages sent before hold() leave with the others', async () => {
	const { outbox, send, writes } = bench();
	send('one');
	outbox.hold();
	send('two');
	outbox.letGo();
	await nextTick();
	assert.deepEqual(writes, [['one', 'two']]);
});

test('the next tick starts a new write', async () => {
	const { send, writes } = bench();
	send('one');
	await nextTick();
	send('two');
	await nextTick();
	assert.deepEqual(writes, [['one'], ['two']]);
});

test('held messages never exceed the buffer', async () => {
	const { outbox, send, writes } = bench();
	const large = 'x'.repeat(40 * 1024);
	send(large);
	assert.equal(outbox.heldBytes, large.length + 4);
	send(large);
	assert.deepEqual(writes, [[`${large.length + 4} bytes`]]);
	await nextTick();
	assert.equal(writes.length, 2);
});

test('messages of any size leave together, and one larger than the buffer leaves at once', async () => {
	const { send, writes } = bench();
	send('before');
	send(new Uint8Array(20_000));
	send('behind');
	await nextTick();
	assert.deepEqual(writes, [['20020 bytes']]);
	send('before');
	send(new Uint8Array(70_000));
	send('behind');
	assert.deepEqual(writes.slice(1), [['before'], ['70010 bytes']]);
	await nextTick();
	assert.deepEqual(writes.at(-1), ['behind']);
});

test('alternating outboxes in one tick keep their messages separate and in order', async () => {
	const [one, two] = [bench(), bench()];
	for (let turn = 0; turn < 3; turn++) {
		one.send(`one ${turn}`);
		two.send(`two ${turn}`);
	}
	assert.equal(one.outbox.heldBytes, 21);
	await nextTick();
	assert.deepEqual(one.writes, [['one 0', 'one 1', 'one 2']]);
	assert.deepEqual(two.writes, [['two 0', 'two 1', 'two 2']]);
	assert.equal(one.outbox.heldBytes, 0);
});

test('flush() writes held messages, and none twice', async () => {
	const { outbox, send, writes } = bench();
	send('one');
	outbox.flush();
	outbox.flush();
	assert.deepEqual(writes, [['one']]);
	await nextTick();
	assert.deepEqual(writes, [['one']]);
});

test('the callback of every sent message is called', async () => {
	const { send } = bench();
	const called: string[] = [];
	send('one', () => called.push('one'));
	send('two');
	send('three', () => called.push('three'));
	await new Promise(setImmediate);
	assert.deepEqual(called, ['one', 'three']);
});

test('shared messages keep their order among those of one outbox, in one write', async () => {
	const { outbox, send, writes } = bench();
	send('one');
	outbox.share(shareMessage('two').frame);
	send('three');
	outbox.share(shareMessage(Buffer.from('four')).frame);
	assert.equal(outbox.heldBytes, 23);
	await nextTick();
	assert.deepEqual(writes, [['one', 'two', 'three', 'four']]);
});

test('outboxes with the same shared messages write the same bytes', async () => {
	const chunks: Buffer[] = [];
	const outboxes = Array.from({ length: 3 }, () => {
		const wire = new Writable({
			write(chunk, _encoding, done) {
				chunks.push(chunk);
				done();
			},
		});
		return new Outbox(wire);
	});
	for (const text of ['one', 'two']) {
		const message = shareMessage(text);
		for (const outbox of outboxes) outbox.share(message.frame);
	}
	await nextTick();
	const [first, ...others] = chunks;
	assert.deepEqual(first && payloads(first), ['one', 'two']);
	assert.equal(others.length, 2);
	for (const chunk of others) assert.equal(chunk, first);
});

test('outboxes whose shared messages differ get their own', async () => {
	const [one, two] = [bench(), bench()];
	const [first, second, third] = ['first', 'second', 'third'].map(shareMessage);
	assert.ok(first && second && third);
	for (const message of [first, second]) one.outbox.share(message.frame);
	for (const message of [first, third, second]) two.outbox.share(message.frame);
	await nextTick();
	assert.deepEqual(one.writes, [['first', 'second']]);
	assert.deepEqual(two.writes, [['first', 'third', 'second']]);
});

test('a shared message larger than the buffer leaves at once, behind earlier ones', async () => {
	const { outbox, send, writes } = bench();
	send('before');
	outbox.share(shareMessage(new Uint8Array(70_000)).frame);
	assert.deepEqual(writes, [['before'], ['70010 bytes']]);
});

test('a text that another outbox has just sent is shared, in the same tick only', async () => {
	const [one, two] = [bench(), bench()];
	assert.equal(recentMessage('text', two.outbox), undefined);
	one.send('text');
	assert.equal(recentMessage('text', one.outbox), undefined);
	assert.equal(recentMessage('other', two.outbox), undefined);
	const message = recentMessage('text', two.outbox);
	assert.ok(message);
	two.outbox.share(message.frame);
	assert.equal(recentMessage('text', undefined), message);
	await nextTick();
	assert.deepEqual([one.writes, two.writes], [[['text']], [['text']]]);
	assert.equal(recentMessage('text', two.outbox), undefined);
});

test('a text behind another message of its outbox is not shared', async () => {
	const [one, two] = [bench(), bench()];
	one.send('first');
	one.send('text');
	for (const text of ['first', 'text', 'firsttext']) {
		assert.equal(recentMessage(text, two.outbox), undefined);
	}
	await nextTick();
	assert.deepEqual(one.writes, [['first', 'text']]);
});

test('a stream that throws does not stop the other outboxes', async () => {
	const broken = new Outbox({
		writableLength: 0,
		cork() {},
		uncork() {},
		write() {
			throw new Error('broken stream');
		},
	});
	const errors: unknown[] = [];
	process.setUncaughtExceptionCaptureCallback((error) => errors.push(error));
	try {
		const after = bench();
		broken.send('lost', 4);
		after.send('sent');
		await new Promise(setImmediate);
		assert.deepEqual(after.writes, [['sent']]);
		assert.deepEqual(errors, [new Error('broken stream')]);
	} finally {
		process.setUncaughtExceptionCaptureCallback(null);
	}
});
