import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shareMessage } from './shared-message.ts';

test('a text is framed with its size in bytes', () => {
	const { data, size, frame } = shareMessage('drei ü');
	assert.equal(data, 'drei ü');
	assert.equal(size, 7);
	assert.deepEqual([...frame.subarray(0, 2)], [0x81, 7]);
	assert.equal(frame.subarray(2).toString(), 'drei ü');
});

test('bytes are copied', () => {
	const bytes = Buffer.from('bytes');
	const { data, size, frame } = shareMessage(bytes);
	bytes.fill(0);
	assert.equal(size, 5);
	assert.deepEqual([...frame.subarray(0, 2)], [0x82, 5]);
	assert.equal(frame.subarray(2).toString(), 'bytes');
	assert.equal(Buffer.from(data).toString(), 'bytes');
});
