import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AstroWebSocket } from '../../../socket/types.ts';
import { shareMessage } from '../../protocol/shared-message.ts';
import { book } from '../registry.fixture.ts';
import { Registry } from '../registry.ts';
import { broadcast, broadcastShared } from './broadcast.ts';

/** A socket that the registry does not know. */
function stranger(readyState: 0 | 1 | 2 | 3): AstroWebSocket & { readonly sent: unknown[] } {
	const sent: unknown[] = [];
	const socket = { readyState, sent, send: (data: unknown) => sent.push(data) };
	return socket as unknown as AstroWebSocket & { readonly sent: unknown[] };
}

test('all connections get the same frame', () => {
	const registry = new Registry();
	const booked = [book(registry), book(registry)];
	broadcast(new Set(booked.map(({ socket }) => socket)), 'text');
	const [first, second] = booked.map(({ connection }) => connection.shared);
	assert.equal(first?.length, 1);
	assert.equal(first[0]?.data, 'text');
	assert.equal(first[0], second?.[0]);
});

test('a message can be sent several times', () => {
	const { connection, socket } = book(new Registry());
	const message = shareMessage('text');
	broadcastShared([socket], message);
	broadcastShared([socket], message);
	assert.deepEqual(connection.shared, [message, message]);
});

test('bytes in every form are copied', () => {
	const { connection, socket } = book(new Registry());
	const bytes = new Uint8Array([1, 2, 3, 4]);
	broadcast([socket], bytes.subarray(1, 3));
	broadcast([socket], bytes.buffer);
	broadcast([socket], new DataView(bytes.buffer, 3));
	bytes.fill(0);
	assert.deepEqual(
		connection.shared.map(({ data }) => [...(data as Uint8Array)]),
		[[2, 3], [1, 2, 3, 4], [4]],
	);
});

test('any other socket gets the message if it is open', () => {
	const sockets = ([0, 1, 2, 3] as const).map(stranger);
	const blob = new Blob(['blob']);
	broadcast(sockets, 'text');
	broadcast(sockets, blob);
	assert.deepEqual(
		sockets.map(({ sent }) => sent),
		[[], ['text', blob], [], []],
	);
});
