import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoarseClock } from './coarse-clock.ts';

test('the first read after a stall counts from the end of the stall', () => {
	let time = 1000;
	const clock = new CoarseClock(() => time);
	const before = clock.now;
	time = 1250;
	clock.update();
	const readFirst = clock.now;
	// The process is stalled for a minute.
	time = 61_250;
	assert.equal(clock.idleSince(readFirst), 0);
	assert.equal(clock.idleSince(before), 60_250);
	time = 61_500;
	assert.equal(clock.idleSince(readFirst), 250);
});
