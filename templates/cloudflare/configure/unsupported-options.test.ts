import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { optionsOfWorker, unsupportedOptionWarnings } from './unsupported-options.ts';

test('unset options cause no warning', () => {
	assert.deepEqual(unsupportedOptionWarnings(undefined), []);
	assert.deepEqual(unsupportedOptionWarnings({}), []);
	assert.deepEqual(unsupportedOptionWarnings({ idleTimeout: undefined }), []);
});

test('supported options cause no warning', () => {
	const kept = {
		allowedOrigins: [],
		maxPayload: 1,
		maxMessagesPerSecond: 1,
		handshakeTimeout: 1,
		hooks: 'src/hooks.ts',
	};
	assert.deepEqual(unsupportedOptionWarnings(kept), []);
});

test('each unsupported option causes a warning with the reason', () => {
	assert.deepEqual(
		unsupportedOptionWarnings({ maxPayload: 1, heartbeatInterval: 0, maxConnections: 5 }),
		[
			'`websocket.heartbeatInterval` has no effect on Cloudflare: a Worker cannot send pings or receive pongs.',
			'`websocket.maxConnections` has no effect on Cloudflare: requests are spread over many isolated instances of the Worker.',
		],
	);
});

test('a dev server in Node applies only the limits of a Worker', () => {
	const options = optionsOfWorker({ websocket: { maxPayload: 7, idleTimeout: 1, hooks: 'a.ts' } });
	assert.deepEqual(
		{ maxPayload: options.maxPayload, hooks: options.hooks, idleTimeout: options.idleTimeout },
		{ maxPayload: 7, hooks: 'a.ts', idleTimeout: 0 },
	);
	assert.equal(options.maxMessagesPerSecond, WEBSOCKET_DEFAULTS.maxMessagesPerSecond);
	assert.equal(options.maxConnections, Number.POSITIVE_INFINITY);
	assert.deepEqual(optionsOfWorker(), optionsOfWorker({}));
});

test('an invalid option is rejected in dev as well', () => {
	assert.throws(() => optionsOfWorker({ websocket: { maxPayload: 0 } }), /websocket\.maxPayload/);
});
