import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Keys } from '../connection/keys.ts';
import { RedisRoster, type RedisRosterInit } from './redis-roster.ts';

type Found = readonly [name: string, channel: string, user: string];

/** A roster whose reads a test answers. */
function stage() {
	const told: string[] = [];
	const reads: { readonly from: string; readonly answer: (found: readonly Found[]) => void }[] = [];
	const leases = { time: 1000 };
	const roster = new RedisRoster({
		keys: new Keys('site'),
		leases,
		commands: {
			send: async (_command: string, _key: string, from: string) =>
				await new Promise((resolve) => {
					reads.push({
						from,
						answer: (found) =>
							resolve(
								found.map(([name, ...revocation]) => [
									Buffer.from(name),
									[Buffer.from('r'), Buffer.from(JSON.stringify(revocation))],
								]),
							),
					});
				}),
		},
	} as unknown as RedisRosterInit);
	roster.watchRevocations((channel, user) => told.push(`${user} in ${channel}`));
	return { roster, reads, told, leases };
}

test('tells a revocation once that two connections read at the same time', async () => {
	const { roster, reads, told } = stage();
	roster.connected();
	const both = [roster.readRevocations(), roster.readRevocations()];
	for (const { answer } of reads) answer([['1001-0', 'lobby', 'ada']]);
	await Promise.all(both);
	assert.deepEqual(told, ['ada in lobby']);
});

test('reads a missed revocation although a later one has arrived', async () => {
	const { roster, reads, told } = stage();
	roster.connected();
	roster.revoked('1002-0', ['lobby', 'bob']);
	const reading = roster.readRevocations();
	assert.equal(reads[0]?.from, '(1000-0');
	reads[0]?.answer([
		['1001-0', 'lobby', 'ada'],
		['1002-0', 'lobby', 'bob'],
	]);
	await reading;
	assert.deepEqual(told, ['bob in lobby', 'ada in lobby']);
});

test('reads from the first connection on, although that was lost before the first read', async () => {
	const { roster, reads, leases } = stage();
	await roster.readRevocations();
	assert.equal(reads.length, 0);
	roster.connected();
	leases.time = 5000;
	roster.connected();
	void roster.readRevocations();
	assert.equal(reads[0]?.from, '(1000-0');
});
