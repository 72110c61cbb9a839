import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsedRefs } from './used-refs.ts';

test('takes each ref once, in any order', () => {
	const refs = new UsedRefs();
	for (const ref of [3, 1, 2, 5]) assert.equal(refs.take(ref), true);
	for (const ref of [1, 2, 3, 5]) assert.equal(refs.take(ref), false);
	assert.equal(refs.take(4), true);
});

test('takes any number of refs that count up, and few that do not', () => {
	const refs = new UsedRefs();
	for (let ref = 1; ref <= 5000; ref++) assert.equal(refs.take(ref), true);
	for (let ref = 1; ref <= 1024; ref++) assert.equal(refs.take(10_000 + ref * 2), true);
	assert.equal(refs.take(1_000_000), false);
});
