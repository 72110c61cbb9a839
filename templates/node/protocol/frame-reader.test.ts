import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameError, FrameReader } from './frame-reader.ts';

class Reader extends FrameReader {
	readonly seen: unknown[] = [];
	override isReading = true;

	override read(chunk: Buffer): void {
		super.read(chunk);
	}

	protected override onMessage(data: string | ArrayBuffer): void {
		this.seen.push(typeof data === 'string' ? data : [...new Uint8Array(data)]);
	}

	protected override onControl(opcode: number, payload: Buffer): void {
		this.seen.push(`${opcode}:${payload.toString()}`);
		if (opcode === 8) this.isReading = false;
	}
}

/** A masked frame, as sent by a client. */
function frame(first: number, payload: string | Uint8Array = ''): Buffer {
	const bytes = Buffer.from(payload as string);
	const { length } = bytes;
	const head = Buffer.alloc(length < 126 ? 2 : length < 0x10000 ? 4 : 10);
	head[0] = first;
	head[1] = 0x80 | (length < 126 ? length : length < 0x10000 ? 126 : 127);
	if (head.length === 4) head.writeUInt16BE(length, 2);
	if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2);
	const mask = Buffer.from([0x12, 0xf4, 0x56, 0x78]);
	for (const [index, byte] of bytes.entries()) bytes[index] = byte ^ (mask[index % 4] as number);
	return Buffer.concat([head, mask, bytes]);
}

function read(bytes: Buffer, maxPayload = 1 << 20): unknown[] {
	const reader = new Reader(maxPayload);
	reader.read(bytes);
	return reader.seen;
}

/** The close code of the error caused by these bytes. */
function failure(bytes: Buffer, maxPayload?: number): number {
	try {
		read(bytes, maxPayload);
	} catch (error) {
		if (error instanceof FrameError) return error.code;
		throw error;
	}
	return 0;
}

const TEXTS = ['', 'a', 'é', '日本 👋', 'x'.repeat(125), 'y'.repeat(126), 'ü'.repeat(40_000)];

test('text and bytes of every length are read', () => {
	for (const text of TEXTS) {
		assert.deepEqual(read(frame(0x81, text)), [text]);
		assert.deepEqual(read(frame(0x82, text)), [[...Buffer.from(text)]]);
	}
});

test('frames are read from chunks of any size', () => {
	const stream = Buffer.concat([
		frame(0x81, 'one'),
		frame(0x01, 'two '),
		frame(0x89, 'ping'),
		frame(0x00, 'ü'),
		frame(0x80, '.'),
		frame(0x82, 'x'.repeat(300)),
		frame(0x88),
	]);
	const whole = read(Buffer.from(stream));
	assert.deepEqual(whole.slice(0, 3), ['one', '9:ping', 'two ü.']);
	for (let size = 1; size < stream.length; size++) {
		const reader = new Reader(1 << 20);
		for (let start = 0; start < stream.length; start += size) {
			reader.read(Buffer.from(stream.subarray(start, start + size)));
		}
		assert.deepEqual(reader.seen, whole, `pieces of ${size} bytes`);
	}
});

test('the receiver owns the bytes of a message', () => {
	const messages: ArrayBuffer[] = [];
	class Keeper extends Reader {
		protected override onMessage(data: string | ArrayBuffer): void {
			if (typeof data !== 'string') messages.push(data);
		}
	}
	const stream = Buffer.concat([frame(0x82, 'one'), frame(0x02, 'two'), frame(0x80, '')]);
	new Keeper(1000).read(stream);
	stream.fill(0);
	assert.deepEqual(
		messages.map((message) => [message.byteLength, Buffer.from(message).toString()]),
		[
			[3, 'one'],
			[3, 'two'],
		],
	);
});

test('data after a close frame is not read', () => {
	assert.deepEqual(read(Buffer.concat([frame(0x88, ''), frame(0x81, 'late')])), ['8:']);
});

test('invalid frames get 1002', () => {
	const unmasked = Buffer.from([0x81, 0x01, 0x61]);
	const faults: Record<string, Buffer> = {
		'a reserved bit': frame(0xc1, 'x'),
		'an unknown opcode': frame(0x83, 'x'),
		'an unknown control opcode': frame(0x8b, ''),
		'no mask': unmasked,
		'a fragmented ping': frame(0x09, ''),
		'a ping that is too long': frame(0x89, 'x'.repeat(126)),
		'a continuation without a message': frame(0x80, 'x'),
		'a message within another': Buffer.concat([frame(0x01, 'x'), frame(0x81, 'y')]),
	};
	for (const [fault, bytes] of Object.entries(faults)) assert.equal(failure(bytes), 1002, fault);
});

test('invalid UTF-8 in text gets 1007', () => {
	const bad = Buffer.from([0x61, 0xc3, 0x28]);
	assert.equal(failure(frame(0x81, bad)), 1007);
	assert.equal(failure(Buffer.concat([frame(0x01, bad), frame(0x80, 'x')])), 1007);
	// Fragments may split a character, but the message must not end within one.
	const [start, end] = [Buffer.from([0xc3]), Buffer.from([0xa9])];
	assert.deepEqual(read(Buffer.concat([frame(0x01, start), frame(0x80, end)])), ['é']);
	assert.equal(failure(frame(0x81, start)), 1007);
});

test('a message that is too large gets 1009 before it is complete', () => {
	assert.equal(failure(frame(0x82, 'x'.repeat(10)), 10), 0);
	assert.equal(failure(frame(0x82, 'x'.repeat(300)).subarray(0, 8), 299), 1009);
	assert.equal(failure(frame(0x81, 'x'.repeat(70_000)).subarray(0, 14), 69_999), 1009);
	const fragments = [frame(0x01, 'x'.repeat(6)), frame(0x00, 'x'.repeat(5))];
	assert.equal(failure(Buffer.concat(fragments), 10), 1009);
	const enormous = Buffer.from('82ffffffffffffffffff00000000', 'hex');
	assert.equal(failure(enormous, Number.MAX_SAFE_INTEGER), 1009);
});

test('control frames do not count towards the size of a message', () => {
	const stream = [frame(0x01, 'x'.repeat(6)), frame(0x89, 'y'.repeat(9)), frame(0x80, 'zzzz')];
	assert.deepEqual(read(Buffer.concat(stream), 10), ['9:yyyyyyyyy', 'xxxxxxzzzz']);
});
