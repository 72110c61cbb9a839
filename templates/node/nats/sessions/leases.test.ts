import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BURIAL, RENEWAL } from '../../engine/limits.ts';
import { Names } from '../connection/names.ts';
import type { Stored } from '../connection/store.ts';
import { Leases } from './leases.ts';

test('after an outage the process that is back first buries nobody at once', async () => {
	const names = new Names('site');
	const newest = new Map<string, Stored>();
	const time = { now: 0 };
	let sequence = 0;
	const leases = new Leases({
		names,
		clock: () => time.now,
		host: { random: () => 'one' },
		store: {
			async put({ subject, data }) {
				sequence++;
				newest.set(subject, { subject, sequence, time: '', data: Buffer.from(data) });
				return sequence;
			},
			async *from() {
				yield* [...newest.values()];
			},
		},
	});
	const renew = async (process: string): Promise<void> => {
		const subject = names.leases + process;
		await leases.renew('1');
		const lease = newest.get(subject);
		assert.ok(lease);
		leases.told(lease);
	};
	newest.set(`${names.leases}two`, {
		subject: `${names.leases}two`,
		sequence: ++sequence,
		time: '',
		data: Buffer.from('{"sign":"1"}'),
	});
	await leases.read();
	await renew('one');
	// Nobody could renew.
	time.now += 3 * BURIAL;
	await leases.read();
	for (let passed = 0; passed <= BURIAL; passed += RENEWAL) {
		await renew('one');
		assert.deepEqual(await leases.bury(), [], `after ${passed} ms`);
		time.now += RENEWAL;
	}
	// It did not come back.
	await renew('one');
	assert.deepEqual(await leases.bury(), ['two']);
});
