import assert from 'node:assert/strict';
import { BURIAL, LEASE, RENEWAL } from '../../engine/limits.ts';
import { Commands } from '../connection/commands.ts';
import { Keys } from '../connection/keys.ts';
import { direct, newPrefix, RealHost, serverTest } from '../redis.fixture.ts';
import { Leases } from './leases.ts';

/** Leases of processes with a clock that the test moves. */
async function stage(count: number) {
	const client = await direct();
	const keys = new Keys(newPrefix());
	const commands = new Commands({ client: () => client, drop: assert.fail, report: assert.fail });
	const time = { now: 0 };
	const clock = (): number => time.now;
	const host = new RealHost();
	const all = Array.from({ length: count }, () => new Leases({ commands, keys, host, clock }));
	return { client, keys, time, all };
}

serverTest('a lease that is not renewed is dead after a while, and buried later', async () => {
	const { time, all } = await stage(2);
	const [one, two] = all;
	assert.ok(one && two);
	assert.equal((await two.renew('')).isLost, false);
	await one.renew('');
	assert.deepEqual([one.isAlive(two.process), one.isKnown(two.process)], [true, true]);
	for (let passed = 0; passed < BURIAL - RENEWAL; passed += RENEWAL) {
		assert.equal(one.isAlive(two.process), passed < LEASE, `after ${passed} ms`);
		time.now += RENEWAL;
		assert.deepEqual((await one.renew('')).dead, []);
	}
	time.now += RENEWAL;
	assert.deepEqual((await one.renew('')).dead, [two.process]);
	assert.deepEqual([one.isAlive(two.process), one.isKnown(two.process)], [undefined, false]);
	assert.equal((await two.renew('')).isLost, true);
});

serverTest('a jump of the clock of Redis ends no lease', async () => {
	const { client, keys, time, all } = await stage(2);
	const [one, two] = all;
	assert.ok(one && two);
	await two.renew('');
	await one.renew('');
	// As if the leases had been written a day ago, or will be in a day.
	for (const day of [-86_400_000, 86_400_000]) {
		for (const { process } of [one, two]) {
			await client.callBuffer('ZINCRBY', keys.living, day, process);
		}
		time.now += RENEWAL;
		assert.deepEqual((await one.renew('')).dead, []);
		assert.equal(one.isAlive(two.process), true);
		assert.equal((await two.renew('')).isLost, false);
	}
});

serverTest('a process that was stopped does not bury those that lived on', async () => {
	const { time, all } = await stage(2);
	const [one, two] = all;
	assert.ok(one && two);
	await two.renew('');
	await one.renew('');
	time.now += 3 * BURIAL;
	assert.equal(one.isAlive(two.process), undefined);
	// The clock of Redis tells renewals apart by milliseconds.
	await new Promise((resolve) => setTimeout(resolve, 5));
	await two.renew('');
	assert.deepEqual((await one.renew('')).dead, []);
	assert.equal(one.isAlive(two.process), true);
});

serverTest('after an outage the process that is back first buries nobody at once', async () => {
	const { time, all } = await stage(2);
	const [one, two] = all;
	assert.ok(one && two);
	await two.renew('');
	await one.renew('');
	// Nobody could renew.
	time.now += 3 * BURIAL;
	for (let passed = 0; passed < BURIAL; passed += RENEWAL) {
		assert.deepEqual((await one.renew('')).dead, [], `after ${passed} ms`);
		time.now += RENEWAL;
	}
	// It did not come back.
	assert.deepEqual((await one.renew('')).dead, [two.process]);
});
