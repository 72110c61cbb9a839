import assert from 'node:assert/strict';
import { dataOf } from '../../../realtime/channel/page-cases.fixture.ts';
import type { NewEntry } from '../../../realtime/channel/ports.ts';
import { readPosition } from '../../../realtime/channel/position.ts';
import { logCases } from '../../engine/log-cases.fixture.ts';
import { Keys } from '../connection/keys.ts';
import {
	direct,
	newPrefix,
	processes,
	STAGE,
	serverTest,
	until,
	Watcher,
} from '../redis.fixture.ts';

const KEPT = { size: 3, ttl: 60 };
const NOT_KEPT = { size: 0, ttl: 0 };

function entry(data: NewEntry['data'], more: Partial<NewEntry> = {}): NewEntry {
	return { name: 'said', data, at: Date.now(), ...more };
}

logCases(STAGE);

serverTest(
	'keeps messages for as long as the channel says, by the clock of Redis',
	async (context) => {
		const prefix = newPrefix();
		const [process] = await processes(context, 1, { prefix });
		assert.ok(process);
		const { log } = process.engine;
		const kept = { size: 1000, ttl: 60 };
		const { head: root } = await log.last('lobby', 0);
		const positions: string[] = [];
		for (let number = 1; number <= 45; number++) {
			// A publisher with a wrong clock changes nothing.
			positions.push(await log.append('lobby', entry(String(number), { at: 0 }), kept));
		}
		assert.equal((await log.after('lobby', root, 1000)).entries.length, 45);
		// As if the first 40 had been written earlier.
		const client = await direct();
		const key = new Keys(prefix).channel('lobby').log;
		const age = async (count: number): Promise<void> => {
			const stream = (await client.callBuffer('XRANGE', key, '-', '+')) as [Buffer, Buffer[]][];
			await client.callBuffer('DEL', key);
			for (const [index, [id, [field = '', message = '']]] of stream.entries()) {
				const [number, at] = String(id).split('-');
				const time = Number(at) - (index < count ? 61_000 : 0);
				await client.callBuffer('XADD', key, `${number}-${time}`, field, message);
			}
		};
		await age(40);
		const late = ['41', '42', '43', '44', '45'];
		assert.deepEqual(dataOf((await log.last('lobby', 1000)).entries), late);
		assert.deepEqual(dataOf((await log.after('lobby', root, 1000)).entries), late);
		assert.deepEqual(dataOf((await log.after('lobby', positions[6] ?? '', 2)).entries), [
			'41',
			'42',
		]);
		assert.deepEqual(dataOf((await log.after('lobby', positions[38] ?? '', 2)).entries), [
			'41',
			'42',
		]);
		await age(45);
		const { entries, head } = await log.last('lobby', 1000);
		assert.deepEqual(entries, []);
		assert.equal(head, positions.at(-1));
		assert.deepEqual(await log.after('lobby', root, 10), { entries: [], head });
	},
);

serverTest('lets Redis drop the log of a quiet channel', async (context) => {
	const prefix = newPrefix();
	const [process] = await processes(context, 1, { prefix });
	const client = await direct();
	const { head, log } = new Keys(prefix).channel('lobby');
	const lifetime = async (key: string): Promise<number> =>
		Number(await client.callBuffer('PTTL', key));
	await process?.engine.log.append('lobby', entry('1'), { size: 10, ttl: 60 });
	const left = await lifetime(log);
	assert.ok(left > 60_000 && left <= 120_000, String(left));
	// A later message keeps it for as long again.
	await client.callBuffer('PEXPIRE', log, 1);
	await until('it is gone', async () => (await lifetime(log)) === -2);
	await process?.engine.log.append('lobby', entry('2'), { size: 10, ttl: 300 });
	assert.ok((await lifetime(log)) > 300_000);
	assert.ok((await lifetime(head)) > 29 * 24 * 3_600_000);
	await process?.engine.log.append('lobby', entry('3'), NOT_KEPT);
	assert.equal(await lifetime(log), -2);
});

serverTest('stores nothing for a channel that is only asked for', async (context) => {
	const prefix = newPrefix();
	const [process] = await processes(context, 1, { prefix });
	const heads = new Set<string | undefined>();
	for (let index = 0; index < 2000; index++) {
		heads.add((await process?.engine.log.last(`made up ${index}`, 10))?.head);
	}
	assert.ok(heads.size <= 256, `${heads.size} roots`);
	const client = await direct();
	const found: string[] = [];
	let cursor = '0';
	do {
		const answer = await client.callBuffer('SCAN', cursor, 'MATCH', `{${prefix}:*`, 'COUNT', 1000);
		const [next, keys] = answer as [Buffer, Buffer[]];
		cursor = String(next);
		found.push(...keys.map(String));
	} while (cursor !== '0');
	assert.deepEqual(
		found.filter((key) => key.includes(':c:')),
		[],
	);
});

serverTest('forgets ids after two minutes', async (context) => {
	const prefix = newPrefix();
	const [process] = await processes(context, 1, { prefix });
	await process?.engine.log.append('lobby', entry('1', { id: 'order' }), KEPT);
	const keys = new Keys(prefix);
	const client = await direct();
	const left = await client.callBuffer('PTTL', keys.id(keys.channel('lobby'), 'order'));
	assert.ok(Number(left) > 115_000 && Number(left) <= 120_000, String(left));
});

serverTest('numbers of a long life stay exact', async (context) => {
	const prefix = newPrefix();
	const [process] = await processes(context, 1, { prefix });
	await process?.engine.log.append('lobby', entry('1'), KEPT);
	const keys = new Keys(prefix);
	const { head } = keys.channel('lobby');
	const client = await direct();
	const number = 2 ** 52;
	await client.callBuffer('SET', head, `1 ${number} 60 0 abcd.${number.toString(36)}.tag`);
	const position = await process?.engine.log.append('lobby', entry('2'), KEPT);
	assert.equal(readPosition(position ?? '')?.number, number + 1);
	const page = await process?.engine.log.after('lobby', `abcd.${number.toString(36)}.tag`, 10);
	assert.deepEqual(dataOf(page?.entries ?? []), ['2']);
});

serverTest(
	'messages of one moment are chained, and what follows them arrives later',
	async (context) => {
		const [process] = await processes(context, 1);
		assert.ok(process);
		const { log } = process.engine;
		const watcher = new Watcher();
		const order: string[] = [];
		await log.watch('lobby', watcher);
		await log.watch('lobby', {
			entry: ({ data }) => order.push(`entry ${data}`),
			cast: ({ name }) => order.push(name),
			interrupted: assert.fail,
		});
		const kept = { size: 500, ttl: 60 };
		const sent = Array.from({ length: 250 }, (_, index) =>
			log.append('lobby', entry(String(index)), kept),
		);
		const cast = log.cast('lobby', { name: 'cast', data: undefined });
		const positions = await Promise.all(sent);
		await cast;
		await until('all arrived', () => order.length === 251);
		assert.deepEqual(order, [...sent.map((_, index) => `entry ${index}`), 'cast']);
		const page = await log.last('lobby', 500, 500);
		assert.deepEqual(
			page.entries.map(({ position }) => position),
			positions,
		);
		for (const [index, { previous }] of page.entries.slice(1).entries()) {
			assert.equal(previous, positions[index]);
		}
		assert.deepEqual(watcher.entries, page.entries);
	},
);
