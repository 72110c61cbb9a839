import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { giveBack } from './system-socket.ts';

/** A native socket and the chunk of its first read. */
async function receive(
	context: TestContext,
	bytes: number,
): Promise<{ socket: Socket; chunk: Buffer }> {
	const server = createServer().listen(0, '127.0.0.1');
	context.after(() => server.close());
	await once(server, 'listening');
	const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
	context.after(() => client.destroy());
	const [socket]: Socket[] = await once(server, 'connection');
	assert.ok(socket);
	client.write(Buffer.alloc(bytes, 7));
	const [chunk]: Buffer[] = await once(socket, 'data');
	assert.ok(chunk);
	return { socket, chunk };
}

test('the memory of a read is released at once, whatever its size', async (context) => {
	for (const bytes of [1, 16 * 1024]) {
		const { socket, chunk } = await receive(context, bytes);
		giveBack(socket, chunk);
		// Node 20 lacks `transfer()`.
		const canTransfer = 'transfer' in ArrayBuffer.prototype;
		assert.equal(chunk.byteLength === 0, canTransfer);
	}
});

test('a chunk with another listener is not released', async (context) => {
	const { socket, chunk } = await receive(context, 16 * 1024);
	const length = chunk.byteLength;
	socket.on('data', () => {}).on('data', () => {});
	giveBack(socket, chunk);
	assert.equal(chunk.byteLength, length);
});

test('a part of a larger buffer is not released', async (context) => {
	const { socket, chunk } = await receive(context, 16 * 1024);
	const part = chunk.subarray(1);
	giveBack(socket, part);
	assert.equal(part.byteLength, chunk.byteLength - 1);
});

test('a chunk of a stream other than a native socket is not released', () => {
	const chunk = Buffer.alloc(16 * 1024);
	giveBack(new PassThrough(), chunk);
	assert.equal(chunk.byteLength, 16 * 1024);
});
