import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { optionsOfWorker, unsupportedOptionWarnings } from './unsupported-options.ts';

test('nothing is said where nothing was set', () => {
	assert.deepEqual(unsupportedOptionWarnings(undefined), []);
	assert.deepEqual(unsupportedOptionWarnings({}), []);
	assert.deepEqual(unsupportedOptionWarnings({ idleTimeout: undefined }), []);
});

test('nothing is said of what is kept', () => {
	const kept = {
		allowedOrigins: [],
		maxPayload: 1,
		maxMessagesPerSecond: 1,
		handshakeTimeout: 1,
		hooks: 'src/hooks.ts',
	};
	assert.deepEqual(unsupportedOptionWarnings(kept), []);
});

test('each option that was set in vain is named, with the reason', () => {
	assert.deepEqual(
		unsupportedOptionWarnings({ maxPayload: 1, heartbeatInterval: 0, maxConnections: 5 }),
		[
			'`websocket.heartbeatInterval` has no effect on Cloudflare: a Worker cannot send pings, nor see the answers.',
			'`websocket.maxConnections` has no effect on Cloudflare: requests are spread over many instances of the Worker, none of which sees the others.',
		],
	);
});

test('a dev server in Node keeps what a Worker keeps, and sets no other limit', () => {
	const options = optionsOfWorker({ websocket: { maxPayload: 7, idleTimeout: 1, hooks: 'a.ts' } });
	assert.deepEqual(
		{ maxPayload: options.maxPayload, hooks: options.hooks, idleTimeout: options.idleTimeout },
		{ maxPayload: 7, hooks: 'a.ts', idleTimeout: 0 },
	);
	assert.equal(options.maxMessagesPerSecond, WEBSOCKET_DEFAULTS.maxMessagesPerSecond);
	assert.equal(options.maxConnections, Number.POSITIVE_INFINITY);
	assert.deepEqual(optionsOfWorker(), optionsOfWorker({}));
});

test('a wrong option is refused in dev as well', () => {
	assert.throws(() => optionsOfWorker({ websocket: { maxPayload: 0 } }), /websocket\.maxPayload/);
});
