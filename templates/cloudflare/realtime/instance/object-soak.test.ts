import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { objectSoak } from './object-soak.fixture.ts';

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 }));
afterEach(() => mock.timers.reset());

describe('a soak of sleeps and evictions', () => {
	for (const seed of [1, 2, 3, 4, 5, 6]) {
		it(`keeps the promises of the protocol with the seed ${seed}`, async () => {
			const result = await objectSoak({ seed, steps: 1500, clients: 5 });
			assert.deepEqual(result.failures, []);
			for (const [name, count] of Object.entries(result)) {
				if (name !== 'failures') assert.ok(Number(count) > 0, name);
			}
		});
	}
});
