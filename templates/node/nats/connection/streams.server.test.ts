import assert from 'node:assert/strict';
import { newPrefix, only, until, Watcher } from '../../engine/engine.fixture.ts';
import { askApi, processes, serverTest } from '../nats.fixture.ts';
import { UNTIDY } from './limits.ts';
import { Names } from './names.ts';

const say = (data: string, id?: string) => ({ name: 'said', data, at: 1, id });

/** The number of messages in a stream that a filter fits. */
async function count(stream: string, filter: string): Promise<number> {
	const info = await askApi(`STREAM.INFO.${stream}`, { subjects_filter: filter });
	const { state } = info as { readonly state: { readonly subjects?: object } };
	const subjects: Readonly<Record<string, number>> = { ...state.subjects };
	return Object.values(subjects).reduce((sum, one) => sum + one, 0);
}

serverTest('stores nothing for a channel that is only asked for', async (context) => {
	const prefix = newPrefix();
	const [one] = await processes(context, 1, { prefix });
	for (let index = 0; index < 50; index++) await one?.engine.log.last(`made up ${index}`, 10);
	const names = new Names(prefix);
	assert.equal(await count(names.logStream, `${names.base}log.>`), 1);
});

serverTest('frees the place of messages that are kept no more', async (context) => {
	const prefix = newPrefix();
	const { log } = only(await processes(context, 1, { prefix })).engine;
	const names = new Names(prefix);
	for (let index = 0; index < 200; index++) {
		await log.append('short', say('1'), { size: 10, ttl: 60 });
		await log.append('brief', say('1'), { size: 100_000, ttl: 1 });
		await log.append('none', say('1'), { size: 0, ttl: 60 });
	}
	const { records } = names.channel('none');
	assert.equal(await count(names.logStream, records), 1);
	const { head } = await log.last('brief', 0);
	for (const [channel, most] of [
		['short', 10 + UNTIDY],
		['brief', 1],
	] as const) {
		await until(`${channel} is tidy`, async () => {
			return (await count(names.logStream, names.channel(channel).records)) <= most;
		});
	}
	assert.equal((await log.last('short', 100)).entries.length, 10);
	assert.deepEqual(await log.last('brief', 100), { entries: [], head });
});

serverTest('frees the place of what an ended process left', async (context) => {
	const prefix = newPrefix();
	const { engine } = only(await processes(context, 1, { prefix }));
	const { records } = new Names(prefix).channel('lobby');
	const kept = { size: 10, ttl: 3 };
	for (const data of ['1', '2']) await engine.log.append('lobby', say(data), kept);
	const { head } = await engine.log.last('lobby', 0);
	await engine.close();
	const { log } = only(await processes(context, 1, { prefix })).engine;
	const stream = new Names(prefix).logStream;
	assert.equal(await count(stream, records), 2);
	await until('it is tidy', async () => (await count(stream, records)) === 1);
	assert.deepEqual(await log.last('lobby', 10), { entries: [], head });
});

serverTest(
	'two processes that publish at the same time lose and repeat nothing',
	async (context) => {
		const all = await processes(context, 3);
		const watcher = new Watcher();
		await only(all).engine.log.watch('busy', watcher);
		const sent: Promise<unknown>[] = [];
		for (let index = 0; index < 1500; index++) {
			const { log } = only(all, index % 3).engine;
			const id = index % 50 === 0 ? `id ${index}` : undefined;
			sent.push(log.append('busy', say(String(index), id), { size: 5000, ttl: 60 }));
			if (index % 30 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
		}
		await Promise.all(sent);
		await until('all arrived', () => watcher.entries.length === 1500);
		assert.equal(new Set(watcher.data).size, 1500);
		for (const [index, { previous }] of watcher.entries.slice(1).entries()) {
			assert.equal(previous, watcher.entries[index]?.position);
		}
		const page = await only(all, 1).engine.log.last('busy', 5000, 5000);
		assert.deepEqual(page.entries, watcher.entries);
		const middle = only(watcher.entries, 777).position;
		const after = await only(all, 2).engine.log.after('busy', middle, 100);
		assert.deepEqual(after.entries, watcher.entries.slice(778, 878));
	},
);
