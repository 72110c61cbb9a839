import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RealtimeError } from '../../../realtime/protocol/errors.ts';
import {
	answerCall,
	ask,
	CALL_VERSION,
	type ObjectCalls,
	type ObjectStub,
} from './object-calls.ts';

const REFUSED = { code: 'FORBIDDEN', message: 'no', retryAfter: 5 } as const;

/** The stub of an object with these calls. */
function stub(calls: Partial<ObjectCalls>): Pick<ObjectStub, 'call'> {
	return { call: (...given) => answerCall(calls as ObjectCalls, ...given) };
}

test('a call gives its value, and a realtime error with its code', async () => {
	const object = stub({
		async send(data) {
			assert.equal(data, '"hi"');
			throw new RealtimeError(REFUSED);
		},
		isOnline: async () => true,
	});
	assert.equal(await ask(object, 'isOnline'), true);
	// An error of any kind comes out of a call as a plain one.
	assert.deepEqual(await object.call(CALL_VERSION, 'send', ['"hi"']), { error: REFUSED });
	await assert.rejects(ask(object, 'send', '"hi"'), REFUSED);
});

test('a call that breaks off may have been done', async () => {
	const broken = stub({
		async members() {
			throw new TypeError('a bug');
		},
	});
	await assert.rejects(ask(broken, 'members'), (error) => {
		assert.ok(error instanceof RealtimeError);
		assert.equal(error.code, 'TIMEOUT');
		assert.deepEqual(error.cause, new TypeError('a bug'));
		// Clients get the message.
		assert.doesNotMatch(error.message, /a bug/);
		return true;
	});
});

test('a call of another version is told to try again', async () => {
	const object = stub({ isOnline: async () => true });
	const later = {
		call: (version, ...given) => object.call(version + 1, ...given),
	} satisfies Pick<ObjectStub, 'call'>;
	await assert.rejects(ask(later, 'isOnline'), {
		code: 'SERVICE_UNAVAILABLE',
		retryAfter: 5000,
	});
});
