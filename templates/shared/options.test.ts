import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveWebSocketOptions, WEBSOCKET_DEFAULTS } from './options.ts';

test('without options everything has its default', () => {
	assert.deepEqual(resolveWebSocketOptions({}), WEBSOCKET_DEFAULTS);
	assert.deepEqual(resolveWebSocketOptions({ websocket: {} }), WEBSOCKET_DEFAULTS);
	assert.deepEqual(
		resolveWebSocketOptions({ websocket: { maxPayload: undefined } }),
		WEBSOCKET_DEFAULTS,
	);
});

test('options replace their defaults', () => {
	const websocket = { maxPayload: 64, allowedOrigins: ['https://App.example.com/'] };
	assert.deepEqual(resolveWebSocketOptions({ websocket }), {
		maxPayload: 64,
		allowedOrigins: ['https://app.example.com'],
	});
});

const wrong: [websocket: unknown, message: string][] = [
	[true, '`websocket` must be an object, got: true'],
	[{ maxPayload: 0 }, '`websocket.maxPayload` must be a whole number of bytes, at least 1, got: 0'],
	[
		{ maxPayload: '1mb' },
		'`websocket.maxPayload` must be a whole number of bytes, at least 1, got: "1mb"',
	],
	[
		{ allowedOrigins: 'https://a.example' },
		'`websocket.allowedOrigins` must be an array of origins, got: "https://a.example"',
	],
	[
		{ allowedOrigins: ['https://a.example', 'b.example'] },
		'`websocket.allowedOrigins[1]` must be an origin such as "https://app.example.com", got: "b.example"',
	],
	[
		{ allowedOrigins: ['https://a.example/path'] },
		'`websocket.allowedOrigins[0]` must be an origin such as "https://app.example.com", got: "https://a.example/path"',
	],
	[
		{ maxpayload: 1 },
		'`websocket.maxpayload` is not an option. The options are: `maxPayload`, `allowedOrigins`',
	],
];

for (const [websocket, message] of wrong) {
	test(`${JSON.stringify(websocket)} is refused by name`, () => {
		assert.throws(() => resolveWebSocketOptions({ websocket }), { name: 'TypeError', message });
	});
}
