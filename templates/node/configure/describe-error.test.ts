import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeError } from './describe-error.ts';

test('an error is told with its stack and its causes', () => {
	const cause = new TypeError('The database is down.', { cause: { code: 'ECONNREFUSED' } });
	const error = new Error('Nothing is saved.', { cause });
	const text = describeError(error);
	assert.ok(text.startsWith(`${error.stack}\ncause: ${cause.stack}\n`), text);
	assert.match(text, /cause: \{ code: 'ECONNREFUSED' \}$/);
});

test('causes that lead back to their error end', () => {
	const error = new Error('one');
	error.cause = new Error('two', { cause: error });
	assert.equal(describeError(error).split('\ncause: ').length, 2);
});

test('what is no error is told with its members', () => {
	assert.equal(describeError({ code: 'CONFLICT' }), "{ code: 'CONFLICT' }");
	assert.equal(describeError('a string'), 'a string');
	assert.equal(describeError(null), 'null');
	assert.match(describeError(Object.create(null)), /\{\}$/);
});
