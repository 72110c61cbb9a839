import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkServer, evictionWarning } from './server-info.ts';

const INFO = {
	redis_version: '7.0.15',
	run_id: 'abc',
	loading: '0',
	maxmemory_policy: 'noeviction',
	role: 'master',
	master_replid: 'def',
};

function check(changes: Partial<typeof INFO>): ReturnType<typeof checkServer> {
	const lines = Object.entries({ ...INFO, ...changes }).map(([name, value]) => `${name}:${value}`);
	return checkServer(`# Server\r\n${lines.join('\r\n')}\r\n`, 'host:6379');
}

test('a server is told apart by its run and its history', () => {
	assert.deepEqual(check({}), { run: 'abc def', eviction: undefined });
	assert.notEqual(check({ run_id: 'other' }).run, check({}).run);
	assert.notEqual(check({ master_replid: 'other' }).run, check({}).run);
});

test('a server that may drop heads is told', () => {
	for (const policy of ['allkeys-lru', 'volatile-ttl']) {
		assert.equal(check({ maxmemory_policy: policy }).eviction, policy);
		assert.match(evictionWarning(policy, 'host:6379').message, /host:6379[\s\S]*noeviction/);
	}
});

for (const [changes, code] of [
	[{ redis_version: '6.2.14' }, 'REDIS_VERSION'],
	[{ redis_version: '' }, 'REDIS_VERSION'],
	[{ role: 'slave' }, 'REDIS_REPLICA'],
	[{ loading: '1' }, 'REDIS_LOADING'],
] as const) {
	test(`refuses ${JSON.stringify(changes)}`, () => {
		assert.throws(() => check(changes), { code });
	});
}

test('later versions are taken', () => {
	for (const version of ['7.0.0', '7.2.4', '8.4.1', '10.0.0']) check({ redis_version: version });
});
