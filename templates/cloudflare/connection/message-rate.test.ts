import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { MessageRate } from './message-rate.ts';

/** Stops the clock. The returned function sets it. */
function clock(context: TestContext): (time: number) => void {
	let now = 1000;
	context.mock.method(performance, 'now', () => now);
	return (time) => {
		now = time;
	};
}

/** The number of messages within the rate, out of `count`. */
function accepted(rate: MessageRate, count: number): number {
	return Array.from({ length: count }, () => rate.take()).filter(Boolean).length;
}

test('a burst may hold one second of messages, and used tokens are refilled over time', (context) => {
	const set = clock(context);
	const rate = new MessageRate(10);
	assert.equal(accepted(rate, 12), 10);
	set(1250);
	assert.equal(accepted(rate, 10), 2);
	set(3_600_000);
	assert.equal(accepted(rate, 30), 10);
});

test('a steady stream at the rate is never throttled', (context) => {
	const set = clock(context);
	const rate = new MessageRate(50);
	for (let message = 0; message < 1000; message++) {
		set(1000 + message * 20);
		assert.ok(rate.take(), `message ${message}`);
	}
});
