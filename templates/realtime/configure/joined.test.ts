import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { joined } from './joined.ts';

test('runs work once for changes that come close together', async () => {
	let runs = 0;
	const changed = joined(() => {
		runs++;
	});
	const first = changed();
	await setTimeout(100);
	// As late as a watcher tells that a renamed file is gone.
	const second = changed();
	await first;
	assert.equal(runs, 1);
	await second;
	assert.equal(runs, 1);
	await changed();
	assert.equal(runs, 2);
});

test('waits for a run that is under way', async () => {
	const events: string[] = [];
	const changed = joined(async () => {
		events.push('starts');
		await setTimeout(400);
		events.push('ends');
	});
	const first = changed();
	while (events.length === 0) await setTimeout(5);
	await Promise.all([first, changed()]);
	assert.deepEqual(events, ['starts', 'ends', 'starts', 'ends']);
});

test('runs work while changes do not end', async () => {
	let runs = 0;
	const changed = joined(() => {
		runs++;
	});
	const end = performance.now() + 10_000;
	while (runs === 0 && performance.now() < end) {
		void changed();
		await setTimeout(20);
	}
	assert.equal(runs, 1);
});
