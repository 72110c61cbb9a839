import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveRealtimeOptions } from './realtime-options.ts';

test('the default is the memory of the process', () => {
	const memory = { engine: 'memory', prefix: undefined };
	assert.deepEqual(resolveRealtimeOptions({}), memory);
	assert.deepEqual(resolveRealtimeOptions({ realtime: undefined }), memory);
	assert.deepEqual(resolveRealtimeOptions({ realtime: {} }), memory);
});

test('an engine and a prefix are taken', () => {
	const realtime = { engine: 'redis', prefix: 'chat.v2:eu-west_1' };
	assert.deepEqual(resolveRealtimeOptions({ realtime }), realtime);
});

for (const [realtime, message] of [
	[
		{ engine: 'rediss' },
		'`realtime.engine` must be one of "memory", "redis", "nats", got: "rediss". Did you mean `redis`?',
	],
	[
		{ engine: 'nat' },
		'`realtime.engine` must be one of "memory", "redis", "nats", got: "nat". Did you mean `nats`?',
	],
	[{ engine: 'kafka' }, '`realtime.engine` must be one of "memory", "redis", "nats", got: "kafka"'],
	[{ engine: null }, '`realtime.engine` must be one of "memory", "redis", "nats", got: null'],
	[{ engin: 'redis' }, '`realtime.engin` is not an option. Did you mean `engine`?'],
	[{ url: 'redis://…' }, '`realtime.url` is not an option. Use one of `engine`, `prefix`.'],
	[
		{ prefix: '' },
		'`realtime.prefix` must be 1 to 64 letters, digits, `.`, `:`, `_` and `-`, got: ""',
	],
	[
		{ prefix: 'a{b}' },
		'`realtime.prefix` must be 1 to 64 letters, digits, `.`, `:`, `_` and `-`, got: "a{b}"',
	],
	['redis', '`realtime` must be an object, got: "redis"'],
	[['redis'], '`realtime` must be an object, got: ["redis"]'],
] as const) {
	test(`refuses ${JSON.stringify(realtime)}`, () => {
		assert.throws(() => resolveRealtimeOptions({ realtime }), { name: 'TypeError', message });
	});
}

test('refuses an engine that stands beside the option, where it would have no effect', () => {
	assert.throws(() => resolveRealtimeOptions({ mode: 'standalone', engine: 'redis' }), {
		name: 'TypeError',
		message: '`engine` is an option of `realtime`. Write `realtime: { engine: "redis" }`.',
	});
});

for (const [name, meant] of [
	['websockets', 'websocket'],
	['webSocket', 'websocket'],
	['realTime', 'realtime'],
	['realtme', 'realtime'],
] as const) {
	test(`\`${name}\` beside the options of the adapter is refused`, () => {
		assert.throws(() => resolveRealtimeOptions({ [name]: {} }), {
			name: 'TypeError',
			message: `\`${name}\` is not an option of the adapter. Did you mean \`${meant}\`?`,
		});
	});
}

test('the options of the official adapters pass', () => {
	const official = ['mode', 'bodySizeLimit', 'staticHeaders', 'imageService', 'runtime', 'routes'];
	for (const name of official) assert.doesNotThrow(() => resolveRealtimeOptions({ [name]: {} }));
});
