import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PresenceEntry } from '../../realtime/channel/ports.ts';
import { SharedRoster, type SharedRosterInit } from './shared-roster.ts';

/** A roster with a member of a process that it does not know yet. */
class OfOther extends SharedRoster {
	async present(channel: string): Promise<readonly PresenceEntry[]> {
		this.reapUnknown(channel, ['other']);
		return [];
	}

	async revoke(channel: string, userId: string): Promise<void> {
		this.revoked('one', [channel, userId]);
	}
}

function stage() {
	const alarms: (() => void)[] = [];
	const work: Promise<unknown>[] = [];
	const reaped: string[] = [];
	const leases = { isCurrent: true, isKnown: (_: string): boolean => false };
	const roster = new OfOther({
		leases,
		membership: {
			reapGroup: async (group: string, owner: string) => void reaped.push(`${owner} of ${group}`),
		},
		host: {
			alarm(_: number, callback: () => void) {
				alarms.push(callback);
				return () => {};
			},
			waitUntil: (one: Promise<unknown>) => void work.push(one),
		},
		sessions: { taken: (connection: string) => (connection === 'ours' ? 'secret' : undefined) },
	} as unknown as SharedRosterInit);
	const ring = async (): Promise<void> => {
		for (const alarm of alarms.splice(0)) alarm();
		await Promise.all(work.splice(0));
	};
	return { roster, leases, reaped, alarms, ring };
}

test('removes the members of a process that stays unknown', async () => {
	const { roster, reaped, ring } = stage();
	await roster.present('lobby');
	await ring();
	assert.deepEqual(reaped, ['other of clobby']);
});

test('judges an unknown process only once it knows the leases of now', async () => {
	const { roster, leases, reaped, ring } = stage();
	await roster.present('lobby');
	// The process was stopped before it heard of the other one.
	leases.isCurrent = false;
	await ring();
	assert.deepEqual(reaped, []);
	leases.isCurrent = true;
	leases.isKnown = () => true;
	await ring();
	assert.deepEqual(reaped, []);
});

test('an engine that ends looks no more for unknown processes', async () => {
	const { roster, leases, reaped, alarms, ring } = stage();
	await roster.present('lobby');
	leases.isCurrent = false;
	roster.close();
	await ring();
	assert.deepEqual([reaped, alarms], [[], []]);
});

test('tells watchers of revocations, and of sessions that were of this process', async () => {
	const { roster } = stage();
	const told: string[] = [];
	const unwatch = [
		roster.watchRevocations((channel, userId) => told.push(`${userId} left ${channel}`)),
		roster.watchTakeovers((secret) => told.push(secret)),
	];
	await roster.revoke('lobby', 'ada');
	roster.taken('ours');
	roster.taken('of another process');
	for (const end of unwatch) end();
	await roster.revoke('hall', 'ada');
	roster.taken('ours');
	assert.deepEqual(told, ['ada left lobby', 'secret']);
});
