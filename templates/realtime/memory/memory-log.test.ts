import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualHost } from '../channel/channel.fixture.ts';
import { dataOf, largePageCases, pageCases } from '../channel/page-cases.fixture.ts';
import type { Entry } from '../channel/ports.ts';
import { snapshotCases } from '../channel/snapshot-cases.fixture.ts';
import { MemoryLog } from './memory-log.ts';

const KEPT = { size: 3, ttl: 60 };
const NOT_KEPT = { size: 0, ttl: 0 };

function stage(): {
	host: ManualHost;
	log: MemoryLog;
	append: (data: string, more?: { id?: string; channel?: string }) => Promise<string>;
} {
	const host = new ManualHost();
	const log = new MemoryLog(host);
	return {
		host,
		log,
		append: (data, { id, channel = 'lobby' } = {}) =>
			log.append(channel, { name: 'said', data, at: host.now(), id }, KEPT),
	};
}

describe('the log of a process', () => {
	for (const cases of [snapshotCases, pageCases, largePageCases]) {
		cases((name, run) => {
			it(name, () => run(stage().log));
		});
	}

	it('keeps a snapshot when its messages have expired', async () => {
		const { host, log, append } = stage();
		const position = await append('1');
		await log.snapshot('lobby', { name: 'all', data: '1', at: host.now() }, position);
		await append('2');
		await host.advance(60_000);
		const { snapshot, entries, head } = await log.last('lobby', 10);
		assert.deepEqual([snapshot?.data, entries], ['1', []]);
		assert.notEqual(head, position);
		// Nobody knows the second message any more, so that nothing may stand for the first one alone.
		const late = { name: 'all', data: '1', at: host.now() };
		assert.equal(await log.snapshot('lobby', late, position), false);
	});

	it('chains each message to the one before it', async () => {
		const { log, append } = stage();
		const { head: root } = await log.last('lobby', 0);
		await append('1');
		await append('2');
		const { entries, head } = await log.after('lobby', root, 10);
		assert.deepEqual(
			entries.map(({ previous }) => previous),
			[root, entries[0]?.position],
		);
		assert.equal(head, entries[1]?.position);
	});

	it('keeps as many messages as the channel says, for as long as it says', async () => {
		const { host, log, append } = stage();
		for (const data of ['1', '2', '3', '4']) await append(data);
		assert.deepEqual(dataOf((await log.last('lobby', 10)).entries), ['2', '3', '4']);
		await host.advance(30_000);
		await append('5');
		await host.advance(30_000);
		assert.deepEqual(dataOf((await log.last('lobby', 10)).entries), ['5']);
		await host.advance(30_000);
		assert.deepEqual(dataOf((await log.last('lobby', 10)).entries), []);
	});

	it('keeps the head of a channel that keeps nothing', async () => {
		const { host, log } = stage();
		const entry = { name: 'said', data: '1', at: host.now() };
		const position = await log.append('lobby', entry, NOT_KEPT);
		await host.advance(24 * 3600 * 1000);
		assert.deepEqual(await log.last('lobby', 10), { entries: [], head: position });
	});

	it('gives a page from a position on', async () => {
		const { log, append } = stage();
		const first = await append('1');
		await append('2');
		await append('3');
		assert.deepEqual(dataOf((await log.after('lobby', first, 1)).entries), ['2']);
		assert.deepEqual(dataOf((await log.after('lobby', first, 10)).entries), ['2', '3']);
	});

	it('stores nothing for a channel that is only asked for', async () => {
		const { log } = stage();
		const heads = new Set<string>();
		for (let index = 0; index < 1000; index++) {
			heads.add((await log.last(`made up ${index}`, 10)).head);
			heads.add((await log.after(`made up ${index}`, 'x.1.y', 10)).head);
		}
		assert.equal(heads.size, 1);
	});

	it('appends a message with an id once, for two minutes', async () => {
		const { host, log, append } = stage();
		const first = await append('1', { id: 'order-1' });
		assert.equal(await append('1', { id: 'order-1' }), first);
		assert.deepEqual(dataOf((await log.last('lobby', 10)).entries), ['1']);
		await host.advance(120_000);
		assert.notEqual(await append('1', { id: 'order-1' }), first);
	});

	it('tells the watchers of a channel until they end', async () => {
		const { log, append } = stage();
		const seen: unknown[] = [];
		const watcher = {
			entry: ({ data }: Entry) => seen.push(data),
			cast: ({ name }: { name: string }) => seen.push(name),
			interrupted: () => seen.push('interrupted'),
		};
		const end = await log.watch('lobby', watcher);
		await append('1');
		await append('2', { channel: 'hall' });
		await log.cast('lobby', { name: 'moved', data: '{}' });
		end();
		await append('3');
		assert.deepEqual(seen, ['1', 'moved']);
	});

	it('refuses a message over 256 KB', async () => {
		const { append } = stage();
		await append('x'.repeat(256 * 1024));
		await assert.rejects(append('x'.repeat(256 * 1024 + 1)), { code: 'CONTENT_TOO_LARGE' });
		await assert.rejects(append('ä'.repeat(128 * 1024 + 1)), { code: 'CONTENT_TOO_LARGE' });
	});

	it('differs from the log of another process', async () => {
		const one = new MemoryLog(new ManualHost(1));
		const two = new MemoryLog(new ManualHost(2));
		assert.notEqual((await one.last('lobby', 0)).head, (await two.last('lobby', 0)).head);
	});

	it('forgets the quietest channels beyond 100,000, and then tells of a gap', async () => {
		const { host, log, append } = stage();
		const position = await append('1', { channel: 'quiet' });
		for (let index = 0; index < 100_000; index++) {
			const entry = { name: 'said', data: '1', at: host.now() };
			await log.append(`busy ${index}`, entry, NOT_KEPT);
		}
		const { entries, head } = await log.after('quiet', position, 10);
		assert.deepEqual(entries, []);
		assert.notEqual(head, position);
	});
});
