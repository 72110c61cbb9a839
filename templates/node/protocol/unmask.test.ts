import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unmask } from './unmask.ts';

const MASK = [0x81, 0x02, 0xf3, 0x04];

/** A view at `offset` into memory, with a payload masked by RFC 6455 section 5.3. */
function masked(payload: Uint8Array, offset: number): Buffer {
	const memory = Buffer.alloc(offset + payload.length + 5, 0xee);
	const window = memory.subarray(offset);
	for (const [index, byte] of payload.entries()) {
		window[index + 2] = byte ^ (MASK[index % 4] as number);
	}
	return window;
}

test('every length at every alignment is unmasked, and no byte outside of it changes', () => {
	const mask = Buffer.from(MASK).readInt32LE();
	for (const length of [0, 1, 3, 4, 5, 127, 128, 129, 130, 131, 132, 1000]) {
		const payload = Uint8Array.from({ length }, (_, index) => (index * 7) % 256);
		for (let offset = 0; offset < 8; offset++) {
			const bytes = masked(payload, offset);
			unmask(bytes, 2, 2 + length, mask);
			assert.deepEqual(Uint8Array.from(bytes.subarray(2, 2 + length)), payload);
			assert.deepEqual([...bytes.subarray(0, 2)], [0xee, 0xee]);
			assert.deepEqual([...bytes.subarray(2 + length)], [0xee, 0xee, 0xee]);
		}
	}
});

test('the result tells whether the payload is ASCII', () => {
	const mask = Buffer.from(MASK).readInt32LE();
	for (const length of [1, 20, 127, 128, 131, 300]) {
		const payload = new Uint8Array(length).fill(0x7f);
		assert.equal(unmask(masked(payload, 1), 2, 2 + length, mask), true);
		for (let position = 0; position < length; position++) {
			const other = payload.with(position, 0x80);
			assert.equal(unmask(masked(other, position % 4), 2, 2 + length, mask), false);
		}
	}
});
