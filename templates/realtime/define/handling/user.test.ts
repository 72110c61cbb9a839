import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkUser } from './user.ts';

test('gives the user as JSON has it', () => {
	const expires = 1_800_000_000_000;
	const user = { id: 'ada', name: 'Ada', since: new Date(0), secret: undefined, expires };
	assert.deepEqual(checkUser(user), {
		id: 'ada',
		name: 'Ada',
		since: '1970-01-01T00:00:00.000Z',
		expires,
	});
});

test('takes nothing for a visitor', () => {
	assert.equal(checkUser(undefined), undefined);
	assert.equal(checkUser(null), undefined);
});

test('refuses values that are no users', () => {
	for (const value of ['ada', 3, true, ['ada'], () => {}]) {
		assert.throws(() => checkUser(value), /must give a user, which is an object with an `id`/);
	}
	for (const id of [undefined, '', 3, 'x'.repeat(129), '\ud800', { toString: () => 'ada' }]) {
		assert.throws(() => checkUser({ id }), /must have an `id` of 1 to 128 characters/);
	}
	assert.equal(checkUser({ id: 'x'.repeat(128) })?.id.length, 128);
	assert.equal(checkUser({ id: '🐎' })?.id, '🐎');
	assert.throws(() => checkUser({ id: 'ada', count: 1n }), /cannot be written as JSON/);
});

test('refuses users larger than 4 KB', () => {
	const name = 'x'.repeat(4096 - '{"id":"a","name":""}'.length);
	assert.equal(checkUser({ id: 'a', name })?.name, name);
	assert.throws(() => checkUser({ id: 'a', name: `${name}x` }), {
		code: 'CONTENT_TOO_LARGE',
		message: 'The user of `authenticate` is larger than 4 KB.',
	});
});

test('refuses an expiry in seconds or as text', () => {
	assert.throws(() => checkUser({ id: 'a', expires: 1_800_000_000 }), /Multiply seconds by 1000/);
	assert.throws(() => checkUser({ id: 'a', expires: '2030-01-01' }), /must be a number/);
});
