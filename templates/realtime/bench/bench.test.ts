import assert from 'node:assert/strict';
import { test } from 'node:test';
import { longSoak } from './long-soak.fixture.ts';
import { costsOfMany } from './many-channels.fixture.ts';

test('the costs of many channels can be measured', async () => {
	const costs = await costsOfMany({ few: 2, many: 20, turns: 5, rounds: 2 });
	assert.deepEqual(
		costs.map(({ what }) => what),
		['2', 'each'].flatMap((which) =>
			['append', 'join', 'resume'].map((what) => `${what} in ${which} of 20 channels, of one in 2`),
		),
	);
	for (const { ratio } of costs) assert.ok(ratio > 0 && ratio < Number.POSITIVE_INFINITY);
});

test('the long soak goes on until enough was delivered', async () => {
	const { seeds, delivered } = await longSoak(100, 50);
	assert.ok(seeds > 0);
	assert.ok(delivered >= 100);
});
