import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandshakeRate } from './handshake-rate.ts';

test('handshakes within the limit pass, and then none until the window ends', () => {
	const rate = new HandshakeRate();
	assert.equal(rate.count('a', 2, 10_000, 0), undefined);
	assert.equal(rate.count('a', 2, 10_000, 4000), undefined);
	assert.deepEqual(rate.count('a', 2, 10_000, 4000), { attempts: 3, retryAfter: 6 });
	assert.deepEqual(rate.count('a', 2, 10_000, 9999), { attempts: 4, retryAfter: 1 });
	assert.equal(rate.count('a', 2, 10_000, 10_000), undefined);
});

test('refused handshakes do not extend the window', () => {
	const rate = new HandshakeRate();
	for (let attempt = 0; attempt < 10; attempt++) rate.count('a', 1, 1000, 500);
	assert.equal(rate.count('a', 1, 1000, 1500), undefined);
});

test('each client has its own window', () => {
	const rate = new HandshakeRate();
	assert.equal(rate.count('a', 1, 1000, 0), undefined);
	assert.equal(rate.count('b', 1, 1000, 500), undefined);
	assert.equal(rate.count('a', 1, 1000, 600)?.retryAfter, 1);
});

test('clients without recent handshakes are forgotten', () => {
	const rate = new HandshakeRate();
	for (let client = 0; client < 100; client++) rate.count(`client ${client}`, 1, 1000, client);
	rate.count('last', 1, 1000, 1050);
	assert.equal(rate.size, 50);
});
