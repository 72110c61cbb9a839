import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AstroWebSocket } from '../../socket/types.ts';
import { broadcast } from './broadcast.ts';

test('every open socket gets the message', () => {
	const sent: unknown[] = [];
	const sockets = [0, 1, 2, 3, 1].map((readyState, index) => {
		const socket = { readyState, send: (data: unknown) => sent.push([index, data]) };
		return socket as unknown as AstroWebSocket;
	});
	broadcast(new Set(sockets), 'text');
	assert.deepEqual(sent, [
		[1, 'text'],
		[4, 'text'],
	]);
});
