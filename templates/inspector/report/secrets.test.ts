import assert from 'node:assert/strict';
import { test } from 'node:test';
import { previewOfText } from './preview.ts';
import { hideInPath, hideSecrets } from './secrets.ts';

test('values of secret names are hidden on every level', () => {
	for (const name of [
		'token',
		'accessToken',
		'access_token',
		'API_KEY',
		'apiKey',
		'password',
		'Set-Cookie',
		'authorization',
		'sessionId',
		'session',
		'clientSecret',
		'jwt',
	]) {
		assert.deepEqual(hideSecrets({ a: [{ [name]: 'secret' }] }), { a: [{ [name]: '•••' }] }, name);
	}
});

test('other values stay', () => {
	const value = {
		author: 'ada',
		monkey: 1,
		key: 'x',
		tokens: null,
		secretary: 'bob',
		a: [true, 'text'],
	};
	assert.deepEqual(hideSecrets(value), value);
});

test('tokens of a known form are hidden wherever they are', () => {
	const text = 'use Bearer abcdefgh.123 or eyJhbGciOiJI.eyJzdWIiOi.c2ln please';
	assert.equal(previewOfText(text), 'use ••• or ••• please');
	assert.equal(previewOfText(`{"note":"${text}"}`), '{"note":"use ••• or ••• please"}');
});

test('secrets are hidden in JSON that is cut off', () => {
	assert.equal(
		previewOfText('{"a":1,"password":"hunter2","b":"c'),
		'{"a":1,"password":"•••","b":"c',
	);
	assert.equal(previewOfText('{"password":"hunt'), '{"password":"•••"');
});

test('secrets are hidden in a path', () => {
	assert.equal(hideInPath('/chat?room=a&access_token=b&x'), '/chat?room=a&access_token=•••&x');
	assert.equal(hideInPath('/chat?%61uth=b'), '/chat?%61uth=•••');
	assert.equal(hideInPath('/chat'), '/chat');
});

test('a preview is bounded', () => {
	assert.ok(previewOfText('x'.repeat(10_000)).length <= 2049);
	assert.ok(previewOfText(JSON.stringify({ a: 'x'.repeat(10_000) })).length <= 2049);
});
