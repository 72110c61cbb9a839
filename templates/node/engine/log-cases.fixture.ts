import assert from 'node:assert/strict';
import { dataOf, largePageCases, pageCases } from '../../realtime/channel/page-cases.fixture.ts';
import type { NewEntry } from '../../realtime/channel/ports.ts';
import { readPosition } from '../../realtime/channel/position.ts';
import { snapshotCases } from '../../realtime/channel/snapshot-cases.fixture.ts';
import { only, type Stage, until, Watcher } from './engine.fixture.ts';

const KEPT = { size: 3, ttl: 60 };
const NOT_KEPT = { size: 0, ttl: 0 };

function entry(data: NewEntry['data'], more: Partial<NewEntry> = {}): NewEntry {
	return { name: 'said', data, at: Date.now(), ...more };
}

/** What the log of every engine of several processes does. */
export function logCases({ test, processes }: Stage): void {
	const oneProcess = async (context: Parameters<Stage['processes']>[0]) =>
		only(await processes(context, 1));

	test('chains each message to the one before it', async (context) => {
		const { log } = (await oneProcess(context)).engine;
		const { head: root } = await log.last('lobby', 0);
		const positions = [];
		for (const data of ['1', '2', '3'])
			positions.push(await log.append('lobby', entry(data), KEPT));
		const { entries, head } = await log.after('lobby', root, 10);
		assert.deepEqual(
			entries.map(({ previous }) => previous),
			[root, positions[0], positions[1]],
		);
		assert.deepEqual(
			entries.map(({ position }) => position),
			positions,
		);
		assert.equal(head, positions[2]);
		assert.deepEqual(
			positions.map((position) => readPosition(position)?.number),
			[1, 2, 3],
		);
	});

	test('gives back a message as it was given', async (context) => {
		const { log } = (await oneProcess(context)).engine;
		const given = [
			entry('{"text":"ä\\n🙂\\u2028"}', { from: 'connection', id: 'own id', at: 1234.5 }),
			entry(undefined),
			entry(Uint8Array.from([0, 10, 13, 255])),
		];
		for (const one of given) await log.append('lobby', one, KEPT);
		const { entries } = await log.last('lobby', 10);
		for (const [index, { position, previous, ...rest }] of entries.entries()) {
			const { from = undefined, id = undefined, ...expected } = given[index] ?? entry('');
			assert.deepEqual(rest, { ...expected, from, id });
			assert.notEqual(position, previous);
		}
		assert.equal(entries.length, 3);
	});

	test('keeps as many messages as the channel says', async (context) => {
		const { log } = (await oneProcess(context)).engine;
		const [first = ''] = [await log.append('lobby', entry('1'), KEPT)];
		for (const data of ['2', '3', '4', '5']) await log.append('lobby', entry(data), KEPT);
		assert.deepEqual(dataOf((await log.last('lobby', 10)).entries), ['3', '4', '5']);
		assert.deepEqual(dataOf((await log.last('lobby', 2)).entries), ['4', '5']);
		assert.deepEqual(dataOf((await log.after('lobby', first, 2)).entries), ['3', '4']);
	});

	test('keeps the head of a channel that keeps nothing, and knows it everywhere', async (context) => {
		const [one, two] = await processes(context, 2);
		const position = await one?.engine.log.append('lobby', entry('1'), NOT_KEPT);
		assert.deepEqual(await two?.engine.log.last('lobby', 10), { entries: [], head: position });
		const next = await two?.engine.log.append('lobby', entry('2'), NOT_KEPT);
		assert.deepEqual(await one?.engine.log.after('lobby', position ?? '', 10), {
			entries: [],
			head: next,
		});
	});

	test('gives nothing after a position of another life, or after none', async (context) => {
		const { log } = (await oneProcess(context)).engine;
		const head = await log.append('lobby', entry('1'), KEPT);
		for (const position of ['other.0.', 'x', '', 'zzz.5.abc']) {
			assert.deepEqual(await log.after('lobby', position, 10), { entries: [], head });
		}
		assert.deepEqual(await log.after('lobby', head, 10), { entries: [], head });
	});

	test('gives empty channels a root that outlives every process', async (context) => {
		const [one, two] = await processes(context, 2);
		const root = (await one?.engine.log.last('lobby', 0))?.head;
		assert.equal((await two?.engine.log.after('lobby', '', 10))?.head, root);
		const position = await two?.engine.log.append('lobby', entry('1'), KEPT);
		const page = await one?.engine.log.after('lobby', root ?? '', 10);
		assert.deepEqual(
			page?.entries.map((found) => [found.position, found.previous]),
			[[position, root]],
		);
	});

	test('appends a message with an id once, whoever sends it', async (context) => {
		const [one, two] = await processes(context, 2);
		const id = `order ${'1'.repeat(1000)}`;
		const first = await one?.engine.log.append('lobby', entry('1', { id }), KEPT);
		assert.equal(await two?.engine.log.append('lobby', entry('1', { id }), KEPT), first);
		assert.notEqual(await two?.engine.log.append('hall', entry('1', { id }), KEPT), first);
		const page = await one?.engine.log.last('lobby', 10);
		assert.deepEqual(dataOf(page?.entries ?? []), ['1']);
	});

	test('refuses a message over 256 KB', async (context) => {
		const { log } = (await oneProcess(context)).engine;
		await log.append('lobby', entry('x'.repeat(256 * 1024)), KEPT);
		const larger = entry('ä'.repeat(128 * 1024 + 1));
		await assert.rejects(log.append('lobby', larger, KEPT), { code: 'CONTENT_TOO_LARGE' });
	});

	test('tells the watchers of all processes in one order, until they end', async (context) => {
		const all = await processes(context, 3);
		const watchers = all.map(() => new Watcher());
		const ends = [];
		for (const [index, { engine }] of all.entries()) {
			ends.push(await engine.log.watch('lobby', watchers[index] ?? new Watcher()));
		}
		const sent = Array.from({ length: 200 }, (_, index) => {
			const { log } = all[index % 3]?.engine ?? {};
			return log?.append('lobby', entry(String(index)), { size: 500, ttl: 60 });
		});
		await Promise.all(sent);
		for (const watcher of watchers)
			await until('all arrived', () => watcher.entries.length === 200);
		const [first, ...others] = watchers.map(({ entries }) => entries);
		for (const other of others) assert.deepEqual(other, first);
		const history = await all[0]?.engine.log.last('lobby', 500, 500);
		assert.deepEqual(first, history?.entries);
		for (const end of ends) end();
		await all[0]?.engine.log.append('lobby', entry('after the end'), KEPT);
		await all[0]?.engine.log.cast('lobby', { name: 'moved', data: undefined });
		await all[0]?.engine.log.watch('lobby', watchers[0] ?? new Watcher());
		assert.equal(watchers[0]?.entries.length, 200);
	});

	test('sends ephemeral messages to the watchers of all processes', async (context) => {
		const [one, two] = await processes(context, 2);
		const watcher = new Watcher();
		await two?.engine.log.watch('lobby', watcher);
		const casts = [
			{ name: 'moved', data: '{"x":1}', from: 'a', except: 'b' },
			{ name: 'stroke', data: Uint8Array.from([1, 10]), from: undefined, except: undefined },
			{ name: 'bell', data: undefined, from: undefined, except: undefined },
		];
		for (const cast of casts) await one?.engine.log.cast('lobby', cast);
		await until('all arrived', () => watcher.casts.length === 3);
		assert.deepEqual(watcher.casts, casts);
	});

	for (const cases of [snapshotCases, pageCases, largePageCases]) {
		cases((name, run) => {
			test(name, async (context) => await run((await oneProcess(context)).engine.log));
		});
	}

	test('gives a snapshot of one process to another one', async (context) => {
		const [one, two] = await processes(context, 2);
		const position = await one?.engine.log.append('lobby', entry('1'), KEPT);
		const snapshot = { ...entry('all'), at: 5, from: undefined, id: undefined };
		assert.equal(await one?.engine.log.snapshot('lobby', snapshot, position ?? ''), true);
		assert.deepEqual(await two?.engine.log.last('lobby', 10), {
			snapshot: { ...snapshot, position },
			entries: [],
			head: position,
		});
	});

	test('two watchers of one channel end one by one', async (context) => {
		const { log } = (await oneProcess(context)).engine;
		const [one, two] = [new Watcher(), new Watcher()];
		const endOne = await log.watch('lobby', one);
		await log.watch('lobby', two);
		endOne();
		endOne();
		await log.append('lobby', entry('1'), KEPT);
		await until('it arrived', () => two.entries.length === 1);
		assert.equal(one.entries.length, 0);
	});
}
