import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resolveRealtimeOptions } from './realtime-options.ts';

test('the members of `presence` are looked at each minute, or as the site says', () => {
	for (const realtime of [undefined, {}, { presenceCheck: undefined }]) {
		assert.deepEqual(resolveRealtimeOptions({ realtime }), { presenceCheck: 60_000 });
	}
	for (const presenceCheck of [0, 15, 3600, 86_400]) {
		const resolved = { presenceCheck: presenceCheck * 1000 };
		assert.deepEqual(resolveRealtimeOptions({ realtime: { presenceCheck } }), resolved);
	}
});

const RANGE =
	'`realtime.presenceCheck` must be a whole number of seconds from 15 to 86400, or 0, got: ';

for (const [realtime, message] of [
	[{ presenceCheck: 14 }, `${RANGE}14`],
	[{ presenceCheck: 86_401 }, `${RANGE}86401`],
	[{ presenceCheck: 20.5 }, `${RANGE}20.5`],
	[{ presenceCheck: false }, `${RANGE}false`],
	[{ presenceCheck: '60' }, `${RANGE}"60"`],
	[{ engine: 'redis' }, '`realtime.engine` is not an option. Use one of `presenceCheck`.'],
	[
		{ presenceChecks: 60 },
		'`realtime.presenceChecks` is not an option. Did you mean `presenceCheck`?',
	],
	['redis', '`realtime` must be an object, got: "redis"'],
] as const) {
	test(`refuses ${JSON.stringify(realtime)}`, () => {
		assert.throws(() => resolveRealtimeOptions({ realtime }), { name: 'TypeError', message });
	});
}

test('refuses an option that stands beside `realtime`, where it would have no effect', () => {
	assert.throws(() => resolveRealtimeOptions({ presenceCheck: 30 }), {
		name: 'TypeError',
		message: '`presenceCheck` is an option of `realtime`. Write `realtime: { presenceCheck: 30 }`.',
	});
});
