import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatheredBytes } from './gathered-bytes.ts';

test('pieces are joined in order', () => {
	const gathered = new GatheredBytes();
	let expected = '';
	for (let size = 0; size < 100; size++) {
		const piece = String(size % 10).repeat(size);
		gathered.add(Buffer.from(piece), 0);
		expected += piece;
	}
	assert.equal(gathered.length, expected.length);
	assert.equal(gathered.bytes.toString(), expected);
});

test('a large announced length with little data reserves little memory', () => {
	const gathered = new GatheredBytes();
	gathered.add(Buffer.alloc(10), 1 << 30);
	assert.equal(gathered.bytes.buffer.byteLength, 160);
});

test('the expected length is reserved at once if a large part has arrived', () => {
	const gathered = new GatheredBytes();
	gathered.add(Buffer.alloc(1 << 16), 1 << 20);
	const { buffer } = gathered.bytes;
	for (let piece = 1; piece < 16; piece++) gathered.add(Buffer.alloc(1 << 16), 1 << 20);
	assert.equal(gathered.length, 1 << 20);
	assert.equal(gathered.bytes.buffer, buffer);
});
