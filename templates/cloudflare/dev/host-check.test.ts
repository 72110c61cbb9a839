import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHostAllowed } from './host-check.ts';

for (const host of [undefined, 'localhost:4321', 'a.localhost', '127.0.0.1:4321', '[::1]:4321']) {
	test(`the local name ${host} is allowed`, () => {
		assert.equal(isHostAllowed(host, { allowedHosts: [] }), true);
	});
}

test('listed names are allowed', () => {
	const options = { host: 'dev.test', allowedHosts: ['one.test', '.two.test'] };
	for (const host of ['dev.test', 'one.test:80', 'two.test', 'a.two.test']) {
		assert.equal(isHostAllowed(host, options), true, host);
	}
	for (const host of ['evil.test', 'a.one.test', 'evil-two.test', 'x y']) {
		assert.equal(isHostAllowed(host, options), false, host);
	}
});

test('every name is allowed with `true` and with a certificate', () => {
	assert.equal(isHostAllowed('evil.test', { allowedHosts: true }), true);
	assert.equal(isHostAllowed('evil.test', { https: {} }), true);
	assert.equal(isHostAllowed('evil.test', {}), false);
});
