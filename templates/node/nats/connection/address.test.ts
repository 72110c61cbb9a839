import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAddress } from './address.ts';

const NOTHING = { user: undefined, password: undefined, token: undefined, replicas: undefined };

test('a URL names servers, and how to log in', () => {
	assert.deepEqual(readAddress({ NATS_URL: 'nats://localhost' }), {
		...NOTHING,
		servers: ['localhost:4222'],
		isTls: false,
		place: 'localhost:4222',
	});
	assert.deepEqual(readAddress({ NATS_URL: 'tls://a%40b:c%3Ad@one:1, tls://[::1]:2' }), {
		...NOTHING,
		servers: ['one:1', '[::1]:2'],
		isTls: true,
		user: 'a@b',
		password: 'c:d',
		place: 'one:1, [::1]:2',
	});
	const { token, user } = readAddress({ NATS_URL: 'nats://secret@one' });
	assert.deepEqual([token, user], ['secret', undefined]);
	assert.equal(readAddress({ NATS_URL: 'nats://one', NATS_REPLICAS: '3' }).replicas, 3);
});

for (const [url, message] of [
	['', /NATS_URL is not set/],
	['127.0.0.1', /is not a URL/],
	['http://one:4222', /begins with `http:`/],
	['nats://', /names no host/],
	['nats://one/path', /something behind the host/],
	['nats://one?a=b', /something behind the host/],
	['nats://one,tls://two', /with and without TLS/],
	['nats://a:swordfish@one,nats://b:swordfish@two', /several users/],
	['nats://a:swordfish%@one', /not percent-encoded/],
] as const) {
	test(`refuses ${JSON.stringify(url)}, and does not print the password`, () => {
		assert.throws(
			() => readAddress({ NATS_URL: url }),
			(error: Error) => {
				assert.match(error.message, message);
				assert.doesNotMatch(error.message, /swordfish/);
				return true;
			},
		);
	});
}

test('refuses a number of copies that no stream can have', () => {
	for (const replicas of ['0', '6', 'x']) {
		assert.throws(() => readAddress({ NATS_URL: 'nats://one', NATS_REPLICAS: replicas }), {
			code: 'NATS_ADDRESS_INVALID',
		});
	}
});
