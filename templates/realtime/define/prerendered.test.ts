import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as prerendered from './prerendered.ts';

const { channels, socket, defineChannel, RealtimeError } = prerendered;

test('a prerendered page gets an error when it uses channels or users', async () => {
	const message = /^The page is prerendered.* Export `prerender = false`/;
	assert.throws(() => channels.rooms?.({ room: 'lobby' }), { message });
	await assert.rejects(socket.isOnline('ada'), { message });
	await assert.rejects(socket.to('ada').send('hello'), { message });
});

test('what it may import besides works', () => {
	assert.equal(new RealtimeError({ code: 'NOT_FOUND', message: '' }).code, 'NOT_FOUND');
	assert.ok(defineChannel({ authorize: 'anyone' }));
});
