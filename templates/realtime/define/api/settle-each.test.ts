import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settleEach } from './settle-each.ts';

test('a limited number of items runs side by side, in order, also after a failure', async () => {
	const started: number[] = [];
	const ends: (() => void)[] = [];
	const all = settleEach([0, 1, 2, 3], 2, async (item) => {
		started.push(item);
		await new Promise<void>((resolve) => ends.push(resolve));
		if (item === 0) throw new Error('oops');
	});
	for (const expected of [
		[0, 1],
		[0, 1, 2],
		[0, 1, 2, 3],
	]) {
		await new Promise(setImmediate);
		assert.deepEqual(started, expected);
		ends.shift()?.();
	}
	for (const end of ends) end();
	assert.deepEqual(
		(await all).map(({ status }) => status),
		['rejected', 'fulfilled', 'fulfilled', 'fulfilled'],
	);
});

test('without a limit all items run at once', async () => {
	let started = 0;
	const all = settleEach(Array(100).fill(0), Number.POSITIVE_INFINITY, async () => {
		started++;
		await new Promise(setImmediate);
	});
	assert.equal(started, 100);
	assert.equal((await all).length, 100);
});
