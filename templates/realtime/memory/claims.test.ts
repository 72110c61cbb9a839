import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_CLAIMS } from '../channel/limits.ts';
import { Claims } from './claims.ts';

test('keeps the newest outcomes, whatever came late', () => {
	const claims = new Claims();
	for (let message = 1; message <= MAX_CLAIMS + 1; message++) {
		assert.equal(claims.take(message).state, 'claimed');
		claims.settle(message, `"${message}"`);
	}
	assert.equal(claims.take(1).state, 'claimed');
	claims.settle(1, '"late"');
	assert.deepEqual(claims.take(1), { state: 'settled', outcome: '"late"' });
	assert.deepEqual(claims.take(MAX_CLAIMS + 1), {
		state: 'settled',
		outcome: `"${MAX_CLAIMS + 1}"`,
	});
});

test('never starts a message again whose handler runs, and keeps its outcome', async () => {
	const claims = new Claims();
	claims.take(1);
	for (let message = 2; message <= 3 * MAX_CLAIMS; message++) {
		claims.take(message);
		claims.settle(message, '');
	}
	const again = claims.take(1);
	assert.equal(again.state, 'running');
	claims.settle(1, '"done"');
	assert.equal(again.state === 'running' && (await again.outcome), '"done"');
	assert.deepEqual(claims.take(1), { state: 'settled', outcome: '"done"' });
});

test('keeps 128 claims without a place at most, beside those whose handlers run', () => {
	const claims = new Claims();
	for (let message = 1; message <= 2 * MAX_CLAIMS; message++) claims.take(message);
	for (let message = 2; message <= 2 * MAX_CLAIMS; message++) claims.settle(message, '');
	claims.take(2 * MAX_CLAIMS + 1);
	assert.equal(claims.take(2).state, 'settled');
	// The handler of the message before in this place runs.
	claims.take(3 * MAX_CLAIMS + 1);
	assert.equal(claims.take(1).state, 'running');
	assert.equal(claims.take(3).state, 'settled');
	assert.equal(claims.take(2).state, 'claimed');
});

test('keeps 128 claims at most while a handler runs', () => {
	const claims = new Claims();
	claims.take(1);
	for (let message = 2; message <= 4 * MAX_CLAIMS; message++) {
		claims.take(message);
		claims.settle(message, '');
	}
	const kept = Array.from({ length: 4 * MAX_CLAIMS }, (_, index) => index + 1).filter(
		(message) => claims.take(message).state === 'settled',
	);
	assert.equal(kept.length <= MAX_CLAIMS, true);
	assert.equal(claims.take(1).state, 'running');
});
