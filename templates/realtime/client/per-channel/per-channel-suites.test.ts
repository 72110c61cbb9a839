/** The tests of the client, with a connection for each channel. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { harness, usePerChannel } from '../client.fixture.ts';
import { createClient } from './client-per-channel.ts';

usePerChannel(createClient);

const repeated = Promise.all([
	import('../connection.test.ts'),
	import('../handle.test.ts'),
	import('../order.test.ts'),
	import('../send.test.ts'),
	import('../base/store.test.ts'),
]);

test('a client of these tests opens a connection for its channel', async () => {
	const { client, sockets } = harness();
	client.channels.rooms?.({ room: 'lobby' }).join();
	await Promise.resolve();
	assert.match(String(sockets[0]?.url), /[?&]channel=rooms&param\.room=lobby/);
	// The runner ends after the last test that it knows. Until the others are there, this one runs.
	await repeated;
});
