import assert from 'node:assert/strict';
import { test } from 'node:test';
import { randomSecret, randomText } from './random.ts';

test('random texts have their length, differ, and use every letter and digit', () => {
	const texts = Array.from({ length: 500 }, () => randomText(6));
	assert.ok(texts.every((text) => /^[a-z0-9]{6}$/.test(text)));
	assert.equal(new Set(texts).size, 500);
	assert.equal(new Set(texts.join('')).size, 36);
	assert.equal(randomText(1000).length, 1000);
});

test('secrets are 128 bits as base64url', () => {
	const secrets = Array.from({ length: 100 }, randomSecret);
	assert.ok(secrets.every((secret) => /^[\w-]{22}$/.test(secret)));
	assert.equal(new Set(secrets).size, 100);
});
