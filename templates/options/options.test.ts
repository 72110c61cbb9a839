import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveWebSocketOptions, WEBSOCKET_DEFAULTS, type WebSocketOptions } from './options.ts';

test('every option has a default', () => {
	assert.deepEqual(resolveWebSocketOptions({}), WEBSOCKET_DEFAULTS);
	assert.deepEqual(resolveWebSocketOptions({ websocket: {} }), WEBSOCKET_DEFAULTS);
	assert.deepEqual(
		resolveWebSocketOptions({ websocket: { maxPayload: undefined } }),
		WEBSOCKET_DEFAULTS,
	);
});

test('options replace their defaults', () => {
	const websocket: WebSocketOptions = {
		allowedOrigins: ['https://App.example.com/'],
		maxPayload: 64,
		maxBufferedAmount: 65,
		overflow: 'drop',
		heartbeatInterval: 0,
		enableHealthMonitoring: true,
		healthCheckInterval: 72,
		maxMissedPings: 73,
		idleTimeout: 66,
		handshakeTimeout: 67,
		maxConnections: 68,
		maxConnectionsPerIP: 69,
		rateLimitWindow: 70,
		rateLimitMaxConnections: 0,
		maxMessagesPerSecond: 71,
		perMessageDeflate: true,
		trustedProxies: ['10.0.0.0/8', '192.0.2.1', '2001:db8::/32', '::1'],
		hooks: './server/hooks.ts',
	};
	assert.deepEqual(resolveWebSocketOptions({ websocket }), {
		...websocket,
		allowedOrigins: ['^https://app\\.example\\.com$'],
	});
	assert.deepEqual(Object.keys(websocket), Object.keys(WEBSOCKET_DEFAULTS));
});

test('unset options keep their defaults', () => {
	const resolved = resolveWebSocketOptions({ websocket: { maxPayload: 64 } });
	assert.deepEqual(resolved, { ...WEBSOCKET_DEFAULTS, maxPayload: 64 });
});

test('resolved options survive JSON', () => {
	assert.deepEqual(JSON.parse(JSON.stringify(WEBSOCKET_DEFAULTS)), WEBSOCKET_DEFAULTS);
});

test('the defaults are those in the documentation', () => {
	assert.deepEqual(WEBSOCKET_DEFAULTS, {
		allowedOrigins: [],
		maxPayload: 1_048_576,
		maxBufferedAmount: 1_048_576,
		overflow: 'close',
		heartbeatInterval: 30_000,
		enableHealthMonitoring: false,
		healthCheckInterval: 30_000,
		maxMissedPings: 3,
		idleTimeout: 120_000,
		handshakeTimeout: 10_000,
		maxConnections: 10_000,
		maxConnectionsPerIP: 1000,
		rateLimitWindow: 60_000,
		rateLimitMaxConnections: 1000,
		maxMessagesPerSecond: 1000,
		perMessageDeflate: false,
		trustedProxies: [],
		hooks: null,
	});
});

const ORIGIN =
	'an origin such as "https://app.example.com", "https://*.example.com", "capacitor://localhost" or "null"';
const PROXY = 'an IP address or a CIDR range such as "10.0.0.0/8"';

const wrong: [websocket: unknown, message: string][] = [
	[true, '`websocket` must be an object, got: true'],
	[[], '`websocket` must be an object, got: []'],
	[{ maxPayload: 0 }, '`websocket.maxPayload` must be a whole number of bytes, at least 1, got: 0'],
	[
		{ maxPayload: '1mb' },
		'`websocket.maxPayload` must be a whole number of bytes, at least 1, got: "1mb"',
	],
	[
		{ maxBufferedAmount: Number.POSITIVE_INFINITY },
		'`websocket.maxBufferedAmount` must be a whole number of bytes, at least 1, got: Infinity',
	],
	[{ overflow: 'wait' }, '`websocket.overflow` must be "close" or "drop", got: "wait"'],
	[
		{ heartbeatInterval: -1 },
		'`websocket.heartbeatInterval` must be a whole number of milliseconds, from 0 to 2147483647, got: -1',
	],
	[
		{ idleTimeout: 1e10 },
		'`websocket.idleTimeout` must be a whole number of milliseconds, from 0 to 2147483647, got: 10000000000',
	],
	[
		{ handshakeTimeout: 1.5 },
		'`websocket.handshakeTimeout` must be a whole number of milliseconds, from 0 to 2147483647, got: 1.5',
	],
	[
		{ maxConnections: 0 },
		'`websocket.maxConnections` must be a whole number of connections, at least 1, got: 0',
	],
	[
		{ maxConnectionsPerIP: null },
		'`websocket.maxConnectionsPerIP` must be a whole number of connections, at least 1, got: null',
	],
	[
		{ rateLimitWindow: 0 },
		'`websocket.rateLimitWindow` must be a whole number of milliseconds, from 1 to 2147483647, got: 0',
	],
	[
		{ rateLimitMaxConnections: -1 },
		'`websocket.rateLimitMaxConnections` must be a whole number of handshakes, at least 0, got: -1',
	],
	[
		{ maxMessagesPerSecond: true },
		'`websocket.maxMessagesPerSecond` must be a whole number of messages, at least 0, got: true',
	],
	[{ perMessageDeflate: {} }, '`websocket.perMessageDeflate` must be true or false, got: {}'],
	[{ hooks: '' }, '`websocket.hooks` must be the path of a file, got: ""'],
	[
		{ allowedOrigins: 'https://a.example' },
		'`websocket.allowedOrigins` must be an array of origins, got: "https://a.example"',
	],
	[
		{ allowedOrigins: ['https://a.example', 'b.example'] },
		`\`websocket.allowedOrigins[1]\` must be ${ORIGIN}, got: "b.example"`,
	],
	// Origins that no browser sends would never match.
	...[
		'https://a.example/path',
		'https://a.example?query',
		'https://a.example#hash',
		'https://user@a.example',
		'wss://a.example',
		'ftp://a.example',
		'*',
		'https://*',
		'https://*.',
		'https://a.*.example',
		'https://*.*.example',
		'https://*a.example',
		'https://a.example:*',
		'*.example.com',
		'file:///index.html',
		'capacitor://localhost/index.html',
		'chrome-extension://',
		'data:text/html,page',
		'javascript://a.example',
		'',
	].map((origin): [unknown, string] => [
		{ allowedOrigins: [origin] },
		`\`websocket.allowedOrigins[0]\` must be ${ORIGIN}, got: ${JSON.stringify(origin)}`,
	]),
	[
		{ trustedProxies: '10.0.0.1' },
		'`websocket.trustedProxies` must be an array of IP addresses and CIDR ranges, got: "10.0.0.1"',
	],
	...['proxy.internal', '10.0.0.0/33', '10.0.0.0/', '::1/129', '10.0.0.0/8/8', 'fe80::1%eth0'].map(
		(proxy): [unknown, string] => [
			{ trustedProxies: ['10.0.0.1', proxy] },
			`\`websocket.trustedProxies[1]\` must be ${PROXY}, got: "${proxy}"`,
		],
	),
	[
		{ maxpayload: 1 },
		`\`websocket.maxpayload\` is not an option. The options are: \`${Object.keys(WEBSOCKET_DEFAULTS).join('`, `')}\``,
	],
	[
		{ toString: 1 },
		`\`websocket.toString\` is not an option. The options are: \`${Object.keys(WEBSOCKET_DEFAULTS).join('`, `')}\``,
	],
];

for (const [websocket, message] of wrong) {
	test(`${JSON.stringify(websocket)} is rejected with the name of the option`, () => {
		assert.throws(() => resolveWebSocketOptions({ websocket }), { name: 'TypeError', message });
	});
}
