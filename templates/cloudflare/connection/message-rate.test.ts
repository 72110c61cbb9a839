import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MessageRate } from './message-rate.ts';

/** Has the clock stand still until it is set. */
function clock(context: TestContext): (time: number) => void {
	let now = 1000;
	context.mock.method(performance, 'now', () => now);
	return (time) => {
		now = time;
	};
}

/** How many of `count` messages are within the rate. */
function taken(rate: MessageRate, count: number): number {
	return Array.from({ length: count }, () => rate.take()).filter(Boolean).length;
}

test('one second of messages may come at once, and what was used up comes back with time', (context) => {
	const set = clock(context);
	const rate = new MessageRate(10);
	assert.equal(taken(rate, 12), 10);
	set(1250);
	assert.equal(taken(rate, 10), 2);
	set(3_600_000);
	assert.equal(taken(rate, 30), 10);
});

test('a steady stream at the rate is never refused', (context) => {
	const set = clock(context);
	const rate = new MessageRate(50);
	for (let message = 0; message < 1000; message++) {
		set(1000 + message * 20);
		assert.ok(rate.take(), `message ${message}`);
	}
});
