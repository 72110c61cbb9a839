import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readClose, writeClose } from './close-frame.ts';

test('a written close frame can be read', () => {
	assert.deepEqual(readClose(writeClose(undefined)), { reason: '' });
	assert.deepEqual(readClose(writeClose(1000)), { code: 1000, reason: '' });
	assert.deepEqual(readClose(writeClose(4999, 'für immer')), { code: 4999, reason: 'für immer' });
});

test('a reserved close code is an error', () => {
	for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65_535]) {
		assert.throws(() => readClose(writeClose(code)), { code: 1002 }, String(code));
	}
	assert.throws(() => readClose(Buffer.from([3])), { code: 1002 });
});

test('a reason with invalid UTF-8 is an error', () => {
	assert.throws(() => readClose(Buffer.from([3, 232, 0xff])), { code: 1007 });
});
