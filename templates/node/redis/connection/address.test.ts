import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Address, type Environment, readAddress } from './address.ts';
import { EngineError } from './errors.ts';

function parts(environment: Environment): Partial<Address> {
	const { servers, isTls, username, password, database, place } = readAddress(environment);
	return { servers, isTls, username, password, database, place };
}

test('a URL names server, user, password and database', () => {
	assert.deepEqual(parts({ REDIS_URL: 'redis://localhost' }), {
		servers: [{ host: 'localhost', port: 6379 }],
		isTls: false,
		username: undefined,
		password: undefined,
		database: 0,
		place: 'localhost:6379',
	});
	assert.deepEqual(parts({ REDIS_URL: ' rediss://us%40er:p%2Fw@[::1]:6380/15 ' }), {
		servers: [{ host: '::1', port: 6380 }],
		isTls: true,
		username: 'us@er',
		password: 'p/w',
		database: 15,
		place: '::1:6380',
	});
	assert.equal(readAddress({ REDIS_URL: 'valkeys://host' }).isTls, true);
	assert.equal(readAddress({ REDIS_URL: 'valkey://:secret@host' }).password, 'secret');
});

test('sentinels and a Cluster take the login of the URL', () => {
	const sentinel = readAddress({
		REDIS_URL: 'rediss://user:pw@ignored/2',
		REDIS_SENTINELS: 'one, two:26380 ,[::1]:1',
		REDIS_SENTINEL_PASSWORD: 'other',
	});
	assert.equal(sentinel.mode, 'sentinel');
	assert.deepEqual(sentinel.servers, [
		{ host: 'one', port: 26379 },
		{ host: 'two', port: 26380 },
		{ host: '::1', port: 1 },
	]);
	const { master, isTls, username, password, sentinelPassword, database } = sentinel;
	assert.deepEqual(
		{ master, isTls, username, password, sentinelPassword, database },
		{
			master: 'mymaster',
			isTls: true,
			username: 'user',
			password: 'pw',
			sentinelPassword: 'other',
			database: 2,
		},
	);
	assert.equal(readAddress({ REDIS_SENTINELS: 'a', REDIS_SENTINEL_MASTER: 'm' }).master, 'm');
	const cluster = readAddress({ REDIS_CLUSTER: 'a:7000,b:7001', REDIS_URL: 'redis://:pw@x' });
	assert.deepEqual(
		[cluster.mode, cluster.servers.length, cluster.password, cluster.place],
		['cluster', 2, 'pw', 'the Cluster at a:7000, b:7001'],
	);
});

for (const [environment, code, message] of [
	[{}, 'REDIS_ADDRESS_MISSING', /REDIS_URL is not set[\s\S]*hint: Set it for the server/],
	[{ REDIS_URL: '' }, 'REDIS_ADDRESS_MISSING', /REDIS_URL is not set/],
	[{ REDIS_URL: 'localhost:6379' }, 'REDIS_ADDRESS_INVALID', /begins with `localhost:`/],
	[{ REDIS_URL: 'swordfish' }, 'REDIS_ADDRESS_INVALID', /is not a URL/],
	[{ REDIS_URL: 'http://:swordfish@x' }, 'REDIS_ADDRESS_INVALID', /begins with `http:`/],
	[{ REDIS_URL: 'redis:///1' }, 'REDIS_ADDRESS_INVALID', /names no host/],
	[{ REDIS_URL: 'redis://:swordfish@x/y' }, 'REDIS_ADDRESS_INVALID', /number of a database/],
	[{ REDIS_URL: 'redis://x?family=6' }, 'REDIS_ADDRESS_INVALID', /more than a path/],
	[{ REDIS_URL: 'redis://:swordfish%@x' }, 'REDIS_ADDRESS_INVALID', /percent-encoded/],
	[{ REDIS_SENTINELS: 'a', REDIS_CLUSTER: 'b' }, 'REDIS_ADDRESS_INVALID', /both set/],
	[{ REDIS_SENTINELS: 'a,,b' }, 'REDIS_ADDRESS_INVALID', /holds "", which is no address/],
	[{ REDIS_CLUSTER: 'a:7000/1' }, 'REDIS_ADDRESS_INVALID', /which is no address/],
	[{ REDIS_CLUSTER: 'a', REDIS_URL: 'redis://x/1' }, 'REDIS_ADDRESS_INVALID', /one alone/],
] as const) {
	test(`refuses ${JSON.stringify(environment)}, and does not repeat a password`, () => {
		assert.throws(
			() => readAddress(environment),
			(error) => {
				assert.ok(error instanceof EngineError);
				assert.equal(error.code, code);
				assert.match(error.message, message);
				assert.doesNotMatch(error.message, /swordfish/);
				return error.isFinal;
			},
		);
	});
}
