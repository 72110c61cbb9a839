import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualHost } from '../channel.fixture.ts';
import { DurableRoster } from './durable-roster.fixture.ts';

/** The claim of a message whose handler runs, and its roster. */
async function running(): Promise<{ readonly roster: DurableRoster; readonly secret: string }> {
	const roster = new DurableRoster(new ManualHost());
	const { secret } = await roster.openSession(undefined);
	assert.deepEqual(await roster.claim(secret, 1), { state: 'claimed' });
	return { roster, secret };
}

/** What a second claim of the message is told. */
async function outcome(roster: DurableRoster, secret: string): Promise<string | undefined> {
	const claim = await roster.claim(secret, 1);
	assert.notEqual(claim.state, 'claimed', 'it would run again');
	return claim.state === 'claimed' ? undefined : claim.outcome;
}

describe('a roster whose claims survive their process', () => {
	it('tells the result of a handler that has settled', async () => {
		const { roster, secret } = await running();
		await roster.settle(secret, 1, 'done');
		assert.equal(await outcome(roster, secret), 'done');
		roster.killProcess();
		assert.equal(await outcome(roster, secret), 'done');
	});

	it('does not let a message run again whose process has died', async () => {
		const { roster, secret } = await running();
		roster.killProcess();
		assert.equal(await outcome(roster, secret), undefined);
	});

	it('takes no result from a process that has died', async () => {
		const { roster, secret } = await running();
		roster.killProcess();
		await roster.settle(secret, 1, 'too late');
		assert.equal(await outcome(roster, secret), undefined);
	});
});
