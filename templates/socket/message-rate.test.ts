import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageRate } from './message-rate.ts';

/** The number of messages within the rate, out of `count`. */
function accepted(rate: MessageRate, count: number): number {
	return Array.from({ length: count }, () => rate.take()).filter(Boolean).length;
}

test('a burst may hold one second of messages, and no more', () => {
	const rate = new MessageRate(10, { now: () => 0 });
	assert.equal(accepted(rate, 12), 10);
});

test('used tokens are refilled over time', () => {
	let now = 0;
	const rate = new MessageRate(10, { now: () => now });
	assert.equal(accepted(rate, 10), 10);
	now = 250;
	assert.equal(accepted(rate, 10), 2);
	now = 300;
	assert.equal(accepted(rate, 10), 1);
});

test('a long silence refills no more than one second of messages', () => {
	let now = 0;
	const rate = new MessageRate(10, { now: () => now });
	assert.equal(accepted(rate, 10), 10);
	now = 3_600_000;
	assert.equal(accepted(rate, 30), 10);
});

test('a steady stream at the rate is never throttled', () => {
	let now = 0;
	const rate = new MessageRate(50, { now: () => now });
	for (let message = 0; message < 1000; message++) {
		assert.ok(rate.take(), `message ${message}`);
		now += 20;
	}
});
