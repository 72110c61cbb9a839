import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameSize, writeFrame } from './frame.ts';

function frame(message: string | Uint8Array): Buffer {
	const size = Buffer.byteLength(message);
	const buffer = Buffer.alloc(frameSize(size) + 1);
	assert.equal(writeFrame(buffer, 1, message, size), buffer.length);
	return buffer.subarray(1);
}

test('the head of a frame depends on its length', () => {
	const heads: [size: number, head: number[]][] = [
		[0, [0x82, 0]],
		[125, [0x82, 125]],
		[126, [0x82, 126, 0, 126]],
		[65_535, [0x82, 126, 255, 255]],
		[65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
	];
	for (const [size, head] of heads) {
		const written = frame(new Uint8Array(size).fill(7));
		assert.deepEqual([...written.subarray(0, head.length)], head);
		assert.deepEqual(written.subarray(head.length), Buffer.alloc(size, 7));
	}
});

test('text is written as UTF-8', () => {
	for (const text of ['', 'ascii', 'é', '日本', '👋 x', '\u00ff'.repeat(200)]) {
		const written = frame(text);
		assert.equal(written[0], 0x81);
		assert.ok(written.subarray(2).includes(text));
		assert.equal(written.subarray(written.length - Buffer.byteLength(text)).toString(), text);
	}
});
