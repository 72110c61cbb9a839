import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntry, readMessage, writeBody, writeCast, writeInbox } from './message.ts';

function bytes(text: string | Buffer, before = ''): Buffer {
	return Buffer.concat([Buffer.from(before), Buffer.from(text as string)]);
}

const DATA = ['{"text":"ä\\n🙂"}', undefined, Uint8Array.from([0, 10, 13, 10, 255])] as const;

test('a kept message is read as it was written, whatever its data', () => {
	for (const data of DATA) {
		const entry = { name: 'said', data, at: 12.5, from: 'a\nb', id: '"id"' };
		const message = bytes(writeBody(entry), 'ee1.2.tag\ne1.1.tag\n');
		const expected = { ...entry, position: 'e1.2.tag', previous: 'e1.1.tag' };
		assert.deepEqual(readEntry(message), expected);
		assert.deepEqual(readMessage(message), { type: 'entry', entry: expected });
	}
});

test('ephemeral messages and those to users are read as they were written', () => {
	for (const data of DATA) {
		const cast = { name: 'moved', data, from: undefined, except: 'x' };
		assert.deepEqual(readMessage(bytes(writeCast(cast))), { type: 'cast', cast });
		const inbox = { type: 'inbox', userId: 'a\nä', data };
		assert.deepEqual(readMessage(bytes(writeInbox('a\nä', data))), inbox);
	}
});

test('bytes do not keep the memory of the connection', () => {
	const { data } = readEntry(
		bytes(writeBody({ name: 'x', data: Uint8Array.from([1]), at: 1 }), 'ea\nb\n'),
	);
	assert.ok(data instanceof Uint8Array);
	assert.equal(data.buffer.byteLength, 1);
});

test('changes of presence have their numbers', () => {
	const entry = { id: 'a', member: { id: 'a', data: null, since: 1 } };
	assert.deepEqual(readMessage(Buffer.from(`p1764000000000000\n${JSON.stringify(entry)}`)), {
		type: 'entered',
		change: 1_764_000_000_000_000,
		entry,
	});
	assert.deepEqual(readMessage(Buffer.from('d7\na')), { type: 'departed', change: 7, id: 'a' });
});

test('an unknown message is an error', () => {
	for (const text of ['', 'x', 'e', 'cnot json', 'r1-0\nnot json']) {
		assert.throws(() => readMessage(Buffer.from(text)), JSON.stringify(text));
	}
});
