/** Sites of tests whose channels are on a real server. Its address is in REDIS_URL or NATS_URL. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Stage } from '../engine/engine.fixture.ts';
import { askApi, serverTest as natsTest } from '../nats/nats.fixture.ts';
import { direct, serverTest as redisTest } from '../redis/redis.fixture.ts';
import { join, lobby, site } from './testing.fixture.ts';
import { TestClock, testRealtime } from './testing.ts';

/** A busy machine. */
const PATIENT = 20_000;

interface Kind {
	readonly engine: 'redis' | 'nats';
	readonly test: Stage['test'];
	/** What tested sites have on the server. */
	left(): Promise<readonly unknown[]>;
}

const KINDS: readonly Kind[] = [
	{
		engine: 'redis',
		test: redisTest,
		left: async () => (await (await direct()).callBuffer('KEYS', '{testing-*')) as Buffer[],
	},
	{
		engine: 'nats',
		test: natsTest,
		async left() {
			const { streams } = (await askApi('STREAM.NAMES')) as { readonly streams: string[] | null };
			return (streams ?? []).filter((name) => name.includes('testing-'));
		},
	},
];

for (const { engine, test: on, left } of KINDS) {
	on(`channels on ${engine} outlive a killed server`, async (context) => {
		const realtime = await site(context, { engine, timeout: PATIENT });
		const room = await join(realtime.as('ada'));
		await room.send('say', 'before');
		assert.deepEqual(await room.next('said'), { by: 'ada', text: 'before' });
		await realtime.kill();
		assert.equal(await room.send('say', 'after'), 'done');
		assert.deepEqual(await room.next('said'), { by: 'ada', text: 'after' });
		const past = await lobby(realtime.channels as never).history();
		assert.equal(past.messages.length, 2);
		await assert.rejects(room.nextGap({ timeout: 1 }));
	});

	on(`a trim on ${engine} is told, also after the server was killed`, async (context) => {
		const realtime = await site(context, { engine, timeout: PATIENT });
		const client = realtime.as('ada');
		const ada = await join(client);
		const eve = await join(realtime.as('eve'));
		// It does not come back before the trim.
		client.partition();
		client.drop();
		await eve.send('say', 'lost');
		await realtime.trim('rooms', { room: 'lobby' });
		client.heal();
		assert.equal((await ada.nextGap()).reason, 'trimmed');
		await eve.send('say', 'kept');
		assert.deepEqual(await ada.next('said'), { by: 'eve', text: 'kept' });
		await realtime.kill();
		const late = await join(realtime.as('bob'), { since: { last: 10 } });
		assert.deepEqual(await late.next('said'), { by: 'eve', text: 'kept' });
	});

	on(`sites on ${engine} begin empty, and leave nothing`, async (context) => {
		for (let count = 0; count < 2; count++) {
			const realtime = await site(context, { engine, timeout: PATIENT });
			const room = lobby(realtime.channels as never);
			await room.publish('said', { by: 'ada', text: 'hi' });
			assert.equal((await room.history()).messages.length, 1);
			await realtime.close();
		}
		assert.deepEqual(await left(), []);
	});

	on(`a clock of a test is refused with ${engine}`, async () => {
		const options = { engine, clock: new TestClock(), files: {} };
		await assert.rejects(testRealtime(options), {
			message: `testRealtime({ clock }) needs the engine in memory: \`${engine}\` goes by the clock of its server.`,
		});
	});
}

test('an unknown engine is refused', async () => {
	const options = { engine: 'kafka', files: {} } as never;
	await assert.rejects(testRealtime(options), {
		message: 'testRealtime({ engine }) takes no "kafka".',
	});
});
