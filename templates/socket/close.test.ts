import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closeFrame } from './close.ts';

test('no arguments make a frame without a payload', () => {
	assert.equal(closeFrame(), undefined);
	assert.equal(closeFrame(undefined, ''), undefined);
});

test('a reason without a code is sent with 1000', () => {
	assert.deepEqual(closeFrame(undefined, 'done'), { code: 1000, reason: 'done' });
});

test('1000 and application codes are accepted', () => {
	for (const code of [1000, 3000, 4999]) assert.equal(closeFrame(code)?.code, code);
});

test('any other code throws InvalidAccessError', () => {
	for (const code of [0, 999, 1001, 1005, 1006, 1011, 2999, 5000, 70_000, Number.NaN]) {
		assert.throws(() => closeFrame(code), { name: 'InvalidAccessError' });
	}
});

test('a reason over 123 bytes of UTF-8 throws SyntaxError', () => {
	assert.equal(closeFrame(1000, 'x'.repeat(123))?.reason.length, 123);
	assert.throws(() => closeFrame(1000, 'x'.repeat(124)), { name: 'SyntaxError' });
	assert.throws(() => closeFrame(1000, 'ü'.repeat(62)), { name: 'SyntaxError' });
});
