import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { deflateRawSync, constants as zlib } from 'node:zlib';
import {
	CLOSE,
	closeFrame,
	FrameScanner,
	PING,
	type ScannedMessage,
	TEXT,
	textFrame,
} from './frame-scanner.ts';

/** What a scanner tells of these chunks. */
function scanned(...chunks: readonly Buffer[]): { seen: ScannedMessage[]; scanner: FrameScanner } {
	const seen: ScannedMessage[] = [];
	const scanner = new FrameScanner((message) => seen.push(message));
	for (const chunk of chunks) scanner.read(chunk);
	return { seen, scanner };
}

function texts(seen: readonly ScannedMessage[]): string[] {
	return seen.map(({ content }) => content.toString());
}

test('messages are told whatever the chunks they arrive in', () => {
	const stream = Buffer.concat(
		['', 'short', 'm'.repeat(300), 'l'.repeat(70_000)].map((text) => textFrame(text)),
	);
	for (const size of [1, 2, 3, 7, 1000, stream.length]) {
		const chunks: Buffer[] = [];
		for (let at = 0; at < stream.length; at += size) chunks.push(stream.subarray(at, at + size));
		const { seen, scanner } = scanned(...chunks);
		assert.deepEqual(
			seen.map(({ content, size }) => [content.length, size]),
			[
				[0, 0],
				[5, 5],
				[300, 300],
				[70_000, 70_000],
			],
			`in chunks of ${size} bytes`,
		);
		assert.ok(scanner.isBetweenMessages);
	}
});

test('the messages of a client are unmasked, and the received bytes stay as they are', () => {
	const mask = randomBytes(4);
	const frame = textFrame('žluťoučký', mask);
	const before = Buffer.from(frame);
	const { seen } = scanned(frame.subarray(0, 8), frame.subarray(8));
	assert.deepEqual(texts(seen), ['žluťoučký']);
	assert.equal(seen[0]?.mask, mask.readUInt32BE(0));
	assert.deepEqual(frame, before);
});

test('a control frame between the frames of a message is told on its own', () => {
	const [first, ping, last] = [
		Buffer.from([TEXT, 2, 0x61, 0x62]),
		Buffer.from([0x80 | PING, 0]),
		Buffer.from([0x80, 1, 0x63]),
	];
	const { seen, scanner } = scanned(first, ping);
	assert.deepEqual(
		seen.map(({ opcode }) => opcode),
		[PING],
	);
	assert.equal(scanner.isBetweenMessages, false);
	scanner.read(last);
	assert.deepEqual(texts(seen), ['', 'abc']);
	assert.ok(scanner.isBetweenMessages);
});

test('only the beginning of a large message is kept', () => {
	const { seen } = scanned(textFrame('x'.repeat(2_000_000)), textFrame('next'));
	assert.equal(seen[0]?.size, 2_000_000);
	assert.equal(seen[0]?.isWhole, false);
	assert.ok((seen[0]?.content.length ?? 0) <= 300 * 1024);
	assert.equal(seen[1]?.content.toString(), 'next');
});

test('a compressed message is inflated, and one that cannot be is told all the same', () => {
	const text = 'hello '.repeat(500);
	const deflated = deflateRawSync(text, { finishFlush: zlib.Z_SYNC_FLUSH }).subarray(0, -4);
	const frame = (payload: Buffer): Buffer =>
		Buffer.concat([Buffer.from([0xc0 | TEXT, payload.length]), payload]);
	const { seen } = scanned(frame(deflated), frame(Buffer.from([0xff, 0xff])));
	assert.deepEqual(texts(seen), [text, '']);
	assert.deepEqual(
		seen.map(({ isWhole }) => isWhole),
		[true, false],
	);
});

test('the written close frame has its code', () => {
	const { seen } = scanned(closeFrame(1012));
	assert.equal(seen[0]?.opcode, CLOSE);
	assert.equal(seen[0]?.content.readUInt16BE(0), 1012);
});
