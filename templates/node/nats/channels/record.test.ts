import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPosition } from '../../../realtime/channel/position.ts';
import { writeBody } from '../../engine/message.ts';
import { MAX_MARKS } from '../connection/limits.ts';
import {
	emptyHead,
	type Head,
	readRecord,
	sequenceAfter,
	sequenceFor,
	writeBare,
	writeRecord,
} from './record.ts';

const KEPT = { size: 100_000, ttl: 60 };

const part = (data: string | Uint8Array | undefined, tag = 'tagtag') => ({
	body: writeBody({ name: 'said', data, at: 1 }),
	tag,
});

test('a record gives back its messages, each with the one before it', () => {
	const bytes = Uint8Array.from([0, 10, 255]);
	const head = { ...emptyHead('epoch'), sequence: 41 };
	const {
		bytes: data,
		positions,
		headAt,
	} = writeRecord(head, [part('"ä\n"'), part(bytes), part(undefined)], KEPT);
	const read = readRecord({ data, sequence: 42, time: '' });
	assert.deepEqual(read.head, headAt(42));
	const entries = read.entries(0);
	assert.deepEqual(
		entries.map(({ previous, position, data: content }) => [previous, position, content]),
		[
			['epoch.0.', positions[0], '"ä\n"'],
			[positions[0], positions[1], bytes],
			[positions[1], positions[2], undefined],
		],
	);
	assert.deepEqual(read.entries(2), entries.slice(2));
	assert.equal(readPosition(positions[2] ?? '')?.number, 3);
	// A reader that comes from a message begins at its record.
	assert.equal(sequenceAfter(positions[2] ?? ''), 42);
});

test('a bare record keeps the position alone', () => {
	const head = writeRecord(emptyHead('epoch'), [part('1')], KEPT).headAt(7);
	const read = readRecord({ data: writeBare(head), sequence: 8, time: '' });
	assert.deepEqual(
		[read.head.position, read.head.number, read.head.isBare],
		[head.position, 1, true],
	);
	assert.deepEqual(read.entries(0), []);
	const next = writeRecord(read.head, [part('2')], KEPT);
	const [entry] = readRecord({ data: next.bytes, sequence: 9, time: '' }).entries(0);
	assert.equal(entry?.previous, head.position);
});

test('a reader of the newest messages begins near to them, in a log of any length', () => {
	let head: Head = emptyHead('epoch');
	for (let number = 1; number <= 20_000; number++) {
		// Other channels use the sequences between.
		head = writeRecord(head, [part('1')], KEPT).headAt(3 * number);
		assert.ok(head.marks.length <= MAX_MARKS);
	}
	for (const count of [1, 10, 100, 1000, 10_000]) {
		const start = sequenceFor(head.number - count, head.marks);
		const read = head.number - Math.floor(start / 3);
		assert.ok(read >= count, `${read} of ${count}`);
		assert.ok(read <= 2 * count + 100, `${read} of ${count}`);
	}
});

test('a record of a newer version is refused', () => {
	const { bytes } = writeRecord(emptyHead('epoch'), [part('1')], KEPT);
	const data = Buffer.from(bytes.toString().replace(/^\[1,/, '[2,'));
	assert.throws(() => readRecord({ data, sequence: 1, time: '' }), {
		code: 'SERVICE_UNAVAILABLE',
		message: /newer version/,
	});
});
