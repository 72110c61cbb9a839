import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../realtime/channel/channel.fixture.ts';
import { Slots } from './slots.ts';

test('a number of things runs at once, and a failure makes room as well', async () => {
	const slots = new Slots(2);
	const begun: number[] = [];
	const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
	const works = [0, 1, 2, 3].map((number) =>
		slots.run(() => {
			begun.push(number);
			return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
		}),
	);
	await settled();
	assert.deepEqual(begun, [0, 1]);
	ends[0]?.reject(new Error('lost'));
	await assert.rejects(works[0] as Promise<void>, /lost/);
	await settled();
	assert.deepEqual(begun, [0, 1, 2]);
	ends[1]?.resolve();
	ends[2]?.resolve();
	await settled();
	assert.deepEqual(begun, [0, 1, 2, 3]);
	ends[3]?.resolve();
	await Promise.all(works.slice(1));
	assert.equal(await slots.run(async () => 'later'), 'later');
});
