import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Inbox } from './inbox.ts';

interface Bench {
	readonly inbox: Inbox;
	readonly seen: string[];
	add(name: string, bytes?: number): void;
}

function bench(): Bench {
	const seen: string[] = [];
	const inbox = new Inbox(1100, () => seen.push('overflow'));
	return {
		inbox,
		seen,
		add: (name, bytes = 1) => inbox.message('x'.repeat(bytes), () => seen.push(name)),
	};
}

test('messages wait for the release, then arrive in order', async () => {
	const { inbox, seen, add } = bench();
	add('one');
	add('two');
	inbox.release();
	assert.deepEqual(seen, []);
	add('three');
	await Promise.resolve();
	add('four');
	assert.deepEqual(seen, ['one', 'two', 'three', 'four']);
});

test('an event behind waiting messages waits with them', async () => {
	const { inbox, seen, add } = bench();
	add('message');
	inbox.after(() => seen.push('close'));
	assert.deepEqual(seen, []);
	inbox.release();
	await Promise.resolve();
	assert.deepEqual(seen, ['message', 'close']);
});

test('an event without waiting messages is delivered at once', () => {
	const { inbox, seen } = bench();
	inbox.after(() => seen.push('close'));
	assert.deepEqual(seen, ['close']);
});

test('too many messages are dropped, and later ones are not held', () => {
	const { seen, add } = bench();
	for (let count = 0; count < 1025; count++) add('early');
	add('later');
	assert.deepEqual(seen, ['overflow', 'later']);
});

test('too many bytes are dropped, and later messages are not held', () => {
	const { seen, add } = bench();
	add('small', 400);
	add('large', 701);
	add('later');
	assert.deepEqual(seen, ['overflow', 'later']);
});

test('an event that arrives during the delivery of a message is delivered after it', async () => {
	const { inbox, seen, add } = bench();
	inbox.message('first', () => {
		add('during');
		inbox.after(() => seen.push('close'));
		seen.push('first');
	});
	inbox.release();
	await Promise.resolve();
	assert.deepEqual(seen, ['first', 'during', 'close']);
});
