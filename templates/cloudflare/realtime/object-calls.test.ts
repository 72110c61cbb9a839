import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RealtimeError } from '../../realtime/protocol/errors.ts';
import { answerCall, CALL_VERSION, unwrap } from './object-calls.ts';

const REFUSED = { code: 'FORBIDDEN', message: 'no', retryAfter: 5 } as const;

test('a call gives its value, and a realtime error with its code', async () => {
	assert.equal(await unwrap(answerCall(CALL_VERSION, async () => 1)), 1);
	const refused = answerCall(CALL_VERSION, async () => {
		throw new RealtimeError(REFUSED);
	});
	// An error of any kind comes out of a call as a plain one.
	assert.deepEqual(await refused, { error: REFUSED });
	await assert.rejects(unwrap(refused), REFUSED);
});

test('a call that breaks off may have been done', async () => {
	const broken = answerCall(CALL_VERSION, async () => {
		throw new TypeError('a bug');
	});
	await assert.rejects(unwrap(broken), { code: 'TIMEOUT' });
});

test('a call of another version is told to try again', async () => {
	const answer = answerCall(CALL_VERSION + 1, async () => 1);
	await assert.rejects(unwrap(answer), { code: 'SERVICE_UNAVAILABLE', retryAfter: 5000 });
});
