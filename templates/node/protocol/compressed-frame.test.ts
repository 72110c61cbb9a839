import assert from 'node:assert/strict';
import { test } from 'node:test';
import { constants, inflateRawSync } from 'node:zlib';
import { compressedFrame } from './compressed-frame.ts';
import { shareMessage } from './shared-message.ts';

const TAIL = Buffer.from([0, 0, 0xff, 0xff]);

test('a text becomes one frame with RSV1', () => {
	const text = 'text '.repeat(20);
	const frame = compressedFrame(shareMessage(text));
	assert.equal(frame[0], 0xc1);
	assert.equal(frame[1], frame.byteLength - 2);
	const deflated = Buffer.concat([frame.subarray(2), TAIL]);
	const inflated = inflateRawSync(deflated, { finishFlush: constants.Z_SYNC_FLUSH });
	assert.equal(inflated.toString(), text);
});

test('a message is compressed once', () => {
	const message = shareMessage(new Uint8Array(2000));
	const frame = compressedFrame(message);
	assert.equal(frame[0], 0xc2);
	assert.equal(compressedFrame(message), frame);
});
