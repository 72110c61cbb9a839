import assert from 'node:assert/strict';
import { test } from 'node:test';
import { refused } from '../../engine/answers.ts';
import { EngineError } from './errors.ts';
import { describeFailure, plainServer } from './failure.ts';

const AT = { place: 'host:6379', isTls: false };

/** What Node.js, ioredis 5 and 6, iovalkey and Redis say. */
for (const [text, code, isFinal] of [
	['WRONGPASS invalid username-password pair or user is disabled.', 'REDIS_AUTHENTICATION', true],
	['NOAUTH Authentication required.', 'REDIS_AUTHENTICATION', true],
	['ERR invalid password', 'REDIS_AUTHENTICATION', true],
	["NOPERM this user has no permissions to run the 'info' command", 'REDIS_PERMISSION', true],
	['Protocol error, got "H" as reply type byte. Please report this.', 'REDIS_PROTOCOL', true],
	['Unknown RESP type 73 "I". Please report this.', 'REDIS_PROTOCOL', true],
	['write EPROTO 40:error:0A00010B:SSL routines::wrong version number', 'REDIS_TLS', true],
	['self-signed certificate in certificate chain', 'REDIS_TLS', true],
	["Hostname/IP does not match certificate's altnames: IP: 127.0.0.1", 'REDIS_TLS', true],
	['LOADING Redis is loading the dataset in memory', 'REDIS_LOADING', false],
	["OOM command not allowed when used memory > 'maxmemory'", 'REDIS_REFUSES', false],
	['MISCONF Errors writing to the RDB file', 'REDIS_REFUSES', false],
	['CLUSTERDOWN Hash slot not served', 'REDIS_REFUSES', false],
	['connect ECONNREFUSED 127.0.0.1:1', 'REDIS_UNREACHABLE', false],
	['getaddrinfo ENOTFOUND nowhere', 'REDIS_UNREACHABLE', false],
	['read ECONNRESET', 'REDIS_UNREACHABLE', false],
	['', 'REDIS_UNREACHABLE', false],
] as const) {
	test(`${code}: ${text}`, () => {
		for (const error of [new Error(text), refused(text)]) {
			const failure = describeFailure(error, AT);
			assert.equal(failure.code, code);
			assert.equal(failure.isFinal, isFinal);
			assert.match(failure.message, /host:6379[\s\S]*\n {2}hint: [A-Z][\s\S]*\.$|REDIS_URL/);
		}
	});
}

test('an error of a client is not passed on: it can hold the password', () => {
	const error = Object.assign(new Error('WRONGPASS no'), {
		command: { name: 'auth', args: ['swordfish'] },
	});
	const failure = describeFailure(error, AT);
	assert.equal(failure.cause, undefined);
	assert.doesNotMatch(JSON.stringify(failure) + failure.stack, /swordfish/);
});

test('an error that is described already stays', () => {
	const failure = plainServer('host:6379');
	assert.equal(describeFailure(failure, AT), failure);
	assert.ok(failure instanceof EngineError);
});

test('a closed connection hints at TLS, in both directions', () => {
	const reset = new Error('read ECONNRESET');
	assert.match(describeFailure(reset, AT).message, /write `rediss:`/);
	assert.match(describeFailure(reset, { ...AT, isTls: true }).message, /write `redis:`/);
});
