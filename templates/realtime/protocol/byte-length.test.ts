import assert from 'node:assert/strict';
import { test } from 'node:test';
import { byteLength, isLarger } from './byte-length.ts';

test('measures a text in UTF-8', () => {
	for (const text of ['', 'abc', 'é', '€uro', '😀', '\ud800']) {
		assert.equal(byteLength(text), Buffer.byteLength(text), text);
	}
	assert.equal(byteLength(new Uint8Array(3)), 3);
	assert.equal(byteLength(new ArrayBuffer(4)), 4);
});

test('compares a text by its bytes and not by its units', () => {
	assert.equal(isLarger('€€', 6), false);
	assert.equal(isLarger('€€', 5), true);
	assert.equal(isLarger('abc', 3), false);
	assert.equal(isLarger('abc', 2), true);
	assert.equal(isLarger(new Uint8Array(3), 2), true);
	assert.equal(isLarger(new ArrayBuffer(2), 2), false);
});
