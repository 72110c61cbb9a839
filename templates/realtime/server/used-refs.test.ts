import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsedRefs } from './used-refs.ts';

test('takes each ref once, in any order', () => {
	const refs = new UsedRefs();
	for (const ref of [3, 1, 2, 5]) assert.equal(refs.take(ref), true);
	for (const ref of [1, 2, 3, 5]) assert.equal(refs.take(ref), false);
	assert.equal(refs.take(4), true);
});

test('takes any number of refs that count up, also if numbers are left out', () => {
	const refs = new UsedRefs();
	for (let ref = 1; ref <= 5000; ref++) assert.equal(refs.take(ref), true);
	for (let ref = 6000; ref <= 16_000; ref += 2) {
		assert.equal(refs.take(ref), true);
		assert.equal(refs.take(ref), false);
	}
	assert.equal(refs.take(6000), false);
	assert.equal(refs.highest, 16_000);
});

test('takes one that was left out among the newest 1024, and no older one', () => {
	const refs = new UsedRefs();
	for (let ref = 2; ref <= 4000; ref += 2) assert.equal(refs.take(ref), true);
	assert.equal(refs.take(3999), true);
	assert.equal(refs.take(3999), false);
	assert.equal(refs.take(1001), false);
});
