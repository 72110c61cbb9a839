import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageRate } from './message-rate.ts';

/** How many of `count` messages are within the rate. */
function taken(rate: MessageRate, count: number): number {
	return Array.from({ length: count }, () => rate.take()).filter(Boolean).length;
}

test('one second of messages may come at once, and no more', () => {
	const rate = new MessageRate(10, { now: () => 0 });
	assert.equal(taken(rate, 12), 10);
});

test('what was used up comes back with time', () => {
	let now = 0;
	const rate = new MessageRate(10, { now: () => now });
	assert.equal(taken(rate, 10), 10);
	now = 250;
	assert.equal(taken(rate, 10), 2);
	now = 300;
	assert.equal(taken(rate, 10), 1);
});

test('a long silence earns no more than one second', () => {
	let now = 0;
	const rate = new MessageRate(10, { now: () => now });
	assert.equal(taken(rate, 10), 10);
	now = 3_600_000;
	assert.equal(taken(rate, 30), 10);
});

test('a steady stream at the rate is never refused', () => {
	let now = 0;
	const rate = new MessageRate(50, { now: () => now });
	for (let message = 0; message < 1000; message++) {
		assert.ok(rate.take(), `message ${message}`);
		now += 20;
	}
});
