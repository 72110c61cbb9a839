import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { soak } from './soak.fixture.ts';

describe('a soak of faults', () => {
	for (const seed of [1, 2, 3, 4]) {
		it(`keeps the promises of the protocol with the seed ${seed}`, async () => {
			const result = await soak({ seed, steps: 3000, clients: 6 });
			assert.deepEqual(result.failures, []);
			// The run meets what it is meant to.
			for (const count of ['delivered', 'gaps', 'resumes', 'handled', 'uncertain'] as const) {
				assert.ok(result[count] > 0, count);
			}
		});
	}

	for (const seed of [11, 12, 13, 14]) {
		it(`keeps them in a process that sleeps, with the seed ${seed}`, async () => {
			const result = await soak({ seed, steps: 3000, clients: 6, sleeps: true });
			assert.deepEqual(result.failures, []);
			for (const count of ['delivered', 'gaps', 'resumes', 'handled', 'restored'] as const) {
				assert.ok(result[count] > 0, count);
			}
		});
	}
});
