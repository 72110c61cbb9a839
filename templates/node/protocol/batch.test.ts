import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batch } from './batch.ts';

const [one, two, three] = ['one', 'two', 'three'].map((text) => Buffer.from(text));
assert.ok(one && two && three);

test('a batch joins its frames in order, once', () => {
	const batch = new Batch(one).with(two).with(three);
	assert.equal(batch.bytes.toString(), 'onetwothree');
	assert.equal(batch.size, 11);
	assert.equal(batch.bytes, batch.bytes);
});

test('a single frame is not copied', () => {
	assert.equal(new Batch(one).bytes, one);
});

test('batches that continue with the same frame are one', () => {
	const first = new Batch(one);
	const second = first.with(two);
	assert.equal(first.with(two), second);
	assert.notEqual(first.with(three), second);
	assert.equal(second.bytes.toString(), 'onetwo');
	assert.equal(first.bytes, one);
});

test('a batch tells whether it consists of one frame', () => {
	assert.ok(new Batch(one).isOnly(one));
	assert.ok(!new Batch(one).isOnly(two));
	assert.ok(!new Batch(one).with(two).isOnly(two));
});
