import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ChannelKey, channelKey } from '../../../realtime/channel/key.ts';
import { byteLength } from '../../../realtime/protocol/byte-length.ts';
import { MAX_TOLD_NAME } from '../instance/object.fixture.ts';
import { channelName, readObjectName, userName } from './object-name.ts';

function keyOf(...values: readonly string[]): ChannelKey {
	return channelKey('rooms/[room]', values) ?? assert.fail('There is no such channel.');
}

describe('the name of an object', () => {
	it('tells what the object is for', () => {
		assert.deepEqual(readObjectName(userName('ada')), { userId: 'ada' });
		for (const name of [undefined, '', 'ada']) {
			assert.throws(() => readObjectName(name), /The name of an object is unknown/);
		}
	});

	it('is that of one channel alone', () => {
		const values = [
			'a',
			'a/b',
			'a%2Fb',
			'a%C3%BCb',
			'aüb',
			'%',
			'%25',
			' ',
			'漢',
			'🦜é',
			'\u0000',
			'\u007f\u0080',
		];
		const keys = [...values.map((value) => keyOf(value)), keyOf('a', 'b')];
		assert.equal(new Set(keys.map(channelName)).size, keys.length);
		for (const key of keys) assert.deepEqual(readObjectName(channelName(key)), { key });
		assert.equal(channelName(keyOf('lobby')), 'channel:rooms%2F%5Broom%5D/lobby');
		// Under another name it would be another object.
		assert.equal(channelName(keyOf('ü')), 'channel:rooms%2F%5Broom%5D/%C3%BC');
	});

	it('is short enough for the longest value of a parameter, in any writing', () => {
		for (const letter of ['a', '/', 'ü', 'ж', '漢', '🦜']) {
			const key = keyOf(letter.repeat(256 / letter.length));
			assert.ok(byteLength(channelName(key)) <= MAX_TOLD_NAME, letter);
			assert.deepEqual(readObjectName(channelName(key)), { key });
		}
	});

	it('is refused if the runtime would not tell it', () => {
		const key = (letters: number): ChannelKey => keyOf('/'.repeat(256), 'a'.repeat(letters));
		const most = MAX_TOLD_NAME - channelName(key(1)).length + 1;
		assert.equal(channelName(key(most)).length, MAX_TOLD_NAME);
		assert.throws(() => channelName(key(most + 1)), { code: 'CONTENT_TOO_LARGE' });
	});
});
