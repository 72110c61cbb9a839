import assert from 'node:assert/strict';
import { test } from 'node:test';
import { warnings } from './not-kept.ts';

test('nothing is said where nothing was set', () => {
	assert.deepEqual(warnings(undefined), []);
	assert.deepEqual(warnings({}), []);
	assert.deepEqual(warnings({ idleTimeout: undefined }), []);
});

test('nothing is said of what is kept', () => {
	const kept = {
		allowedOrigins: [],
		maxPayload: 1,
		maxMessagesPerSecond: 1,
		handshakeTimeout: 1,
		hooks: 'src/hooks.ts',
	};
	assert.deepEqual(warnings(kept), []);
});

test('each option that was set in vain is named, with the reason', () => {
	assert.deepEqual(warnings({ maxPayload: 1, heartbeatInterval: 0, maxConnections: 5 }), [
		'`websocket.heartbeatInterval` has no effect on Cloudflare: a Worker cannot send pings, nor see the answers.',
		'`websocket.maxConnections` has no effect on Cloudflare: requests are spread over many instances of the Worker, none of which sees the others.',
	]);
});
