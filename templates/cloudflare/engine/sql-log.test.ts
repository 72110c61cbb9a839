import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pageCases } from '../../realtime/channel/page-cases.fixture.ts';
import type { Entry, NewEntry, Retention } from '../../realtime/channel/ports.ts';
import { snapshotCases } from '../../realtime/channel/snapshot-cases.fixture.ts';
import { EngineStage } from './engine.fixture.ts';
import { SqlLog } from './sql-log.ts';
import { Tables } from './tables.ts';

const KEY = 'rooms/lobby';
const EPOCH = 'abcdefgh';
const HUNDRED: Retention = { size: 100, ttl: 300 };

class Stage extends EngineStage {
	log: SqlLog = this.wake();

	/** The log as a new instance of the object has it. */
	wake(): SqlLog {
		const alarm = {
			ringBy: (time: number): void => {
				if (time < (this.storage.alarm ?? Number.POSITIVE_INFINITY)) {
					void this.storage.setAlarm(time);
				}
			},
		};
		this.log = new SqlLog(new Tables(this.storage), this.host, alarm, EPOCH);
		return this.log;
	}

	async pass(milliseconds: number): Promise<void> {
		await this.advance(milliseconds, () => this.log.sweep());
	}

	entry(data: string | Uint8Array | undefined, more: Partial<NewEntry> = {}): NewEntry {
		return { name: 'said', data, at: this.host.now(), ...more };
	}

	async append(count: number, retention = HUNDRED): Promise<string[]> {
		const positions: string[] = [];
		for (let index = 1; index <= count; index++) {
			positions.push(await this.log.append(KEY, this.entry(String(index)), retention));
		}
		return positions;
	}

	async last(limit: number): Promise<unknown[]> {
		return (await this.log.last(KEY, limit)).entries.map(({ data }) => data);
	}
}

describe('the log of an object', () => {
	for (const cases of [snapshotCases, pageCases]) {
		cases((name, run) => {
			it(name, () => run(new Stage().log));
		});
	}

	it('keeps a snapshot over sleeps, and when all messages have expired', async () => {
		const stage = new Stage();
		const [, second = '', third] = await stage.append(3);
		const { log } = stage;
		assert.equal(await log.snapshot(KEY, stage.entry('both'), second), true);
		stage.wake();
		assert.deepEqual(await stage.last(10), ['3']);
		assert.equal((await stage.log.last(KEY, 10)).snapshot?.data, 'both');
		await stage.pass(301_000);
		stage.wake();
		const { snapshot, entries, head } = await stage.log.last(KEY, 10);
		assert.deepEqual([snapshot?.data, entries, head], ['both', [], third]);
		assert.equal(await stage.log.snapshot(KEY, stage.entry('late'), second), false);
	});

	it('goes on after a sleep where it was', async () => {
		const stage = new Stage();
		const [first, second = ''] = await stage.append(2);
		stage.wake();
		const page = await stage.log.after(KEY, String(first), 10);
		assert.equal(page.head, second);
		assert.deepEqual(page.entries, [
			{
				...stage.entry('2'),
				from: undefined,
				id: undefined,
				position: second,
				previous: first,
			},
		]);
		const third = await stage.log.append(KEY, stage.entry('3'), HUNDRED);
		assert.match(third, /^abcdefgh\.3\./);
		assert.equal((await stage.log.after(KEY, second, 10)).entries[0]?.previous, second);
	});

	it('stores nothing for a channel that was only asked', async () => {
		const stage = new Stage();
		assert.deepEqual(await stage.log.last(KEY, 10), { entries: [], head: `${EPOCH}.0.` });
		assert.deepEqual(await stage.log.after(KEY, 'x', 10), { entries: [], head: `${EPOCH}.0.` });
		assert.deepEqual(stage.storage.tables, []);
	});

	it('keeps the newest messages, over and over', async () => {
		const stage = new Stage();
		const three = { size: 3, ttl: 300 };
		for (let round = 0; round < 5; round++) {
			await stage.append(2, three);
			if (round === 2) stage.wake();
		}
		const positions = await stage.append(2, three);
		assert.deepEqual(await stage.last(10), ['2', '1', '2']);
		assert.deepEqual(await stage.last(2), ['1', '2']);
		const page = await stage.log.after(KEY, String(positions[0]), 10);
		assert.deepEqual(
			page.entries.map(({ data }) => data),
			['2'],
		);
	});

	it('gives the oldest messages after a position, a page at a time', async () => {
		const stage = new Stage();
		const positions = await stage.append(250);
		const page = await stage.log.after(KEY, String(positions[160]), 50);
		assert.deepEqual(
			page.entries.map(({ position }) => position),
			positions.slice(161, 211),
		);
	});

	it('skips to the oldest message that is still there', async () => {
		const stage = new Stage();
		const positions = await stage.append(150);
		const page = await stage.log.after(KEY, String(positions[0]), 10);
		assert.equal(page.entries[0]?.position, positions[50]);
	});

	it('gives no messages after their time, but the head for ever', async () => {
		const stage = new Stage();
		const [, , head] = await stage.append(3);
		await stage.host.advance(299_999);
		assert.equal((await stage.last(10)).length, 3);
		await stage.host.advance(1);
		stage.wake();
		assert.deepEqual(await stage.log.last(KEY, 10), { entries: [], head });
	});

	it('lets messages expire in their order, also after the clock went back', async () => {
		const stage = new Stage();
		const now = stage.host.now();
		for (const at of [now + 5000, now, now + 6000]) {
			await stage.log.append(KEY, { ...stage.entry('x'), at }, HUNDRED);
		}
		const { entries } = await stage.log.last(KEY, 10);
		assert.deepEqual(
			entries.map(({ at }) => at - now),
			[5000, 5000, 6000],
		);
	});

	it('keeps the head alone in a channel without history', async () => {
		const stage = new Stage();
		const [, head] = await stage.append(2, { size: 0, ttl: 0 });
		stage.wake();
		assert.deepEqual(await stage.log.last(KEY, 10), { entries: [], head });
		const next = await stage.log.append(KEY, stage.entry('3'), { size: 0, ttl: 0 });
		assert.match(next, /\.3\./);
		const rows = stage.storage.sql.exec('SELECT data FROM log').toArray();
		assert.deepEqual(rows, [{ data: null }]);
	});

	for (const [what, size, kept] of [
		['fewer', 3, ['8', '9', '10']],
		['more', 20, ['6', '7', '8', '9', '10']],
	] as const) {
		it(`keeps its messages when a deploy keeps ${what} of them`, async () => {
			const stage = new Stage();
			await stage.append(10, { size: 5, ttl: 300 });
			stage.wake();
			await stage.log.append(KEY, stage.entry('new'), { size, ttl: 300 });
			assert.deepEqual(await stage.last(50), [...kept, 'new'].slice(-size));
			stage.wake();
			assert.deepEqual(await stage.last(50), [...kept, 'new'].slice(-size));
		});
	}

	it('gives no message from before the channel had a history', async () => {
		const stage = new Stage();
		const { head: root } = await stage.log.last(KEY, 0);
		const [before] = await stage.append(1, { size: 0, ttl: 0 });
		stage.wake();
		const [after] = await stage.append(1);
		const { entries, head } = await stage.log.after(KEY, root, 10);
		assert.deepEqual(
			entries.map(({ previous, position }) => [previous, position]),
			[[before, after]],
		);
		assert.equal(head, after);
		assert.deepEqual(await stage.last(10), ['1']);
	});

	it('keeps bytes, null, and nothing apart', async () => {
		const stage = new Stage();
		const bytes = Uint8Array.of(0, 255, 1);
		for (const data of [bytes, 'null', undefined]) {
			await stage.log.append(KEY, stage.entry(data), HUNDRED);
		}
		stage.wake();
		assert.deepEqual(await stage.last(3), [bytes, 'null', undefined]);
	});

	it('keeps one message per id, for two minutes', async () => {
		const stage = new Stage();
		const once = (): Promise<string> =>
			stage.log.append(KEY, stage.entry('x', { id: 'order-1' }), HUNDRED);
		const first = await once();
		stage.wake();
		assert.equal(await once(), first);
		assert.deepEqual(await stage.last(10), ['x']);
		await stage.host.advance(120_000);
		assert.notEqual(await once(), first);
	});

	it('tells its watchers of each message once it is written', async () => {
		const stage = new Stage();
		const seen: Entry[] = [];
		const unwatch = await stage.log.watch(KEY, {
			entry: (entry) => seen.push(entry),
			cast: () => {},
			interrupted: () => {},
		});
		const [position] = await stage.append(1);
		unwatch();
		await stage.append(1);
		assert.deepEqual(
			seen.map((entry) => entry.position),
			[position],
		);
	});

	it('refuses a message over 256 KB', async () => {
		const stage = new Stage();
		const entry = stage.entry('x'.repeat(256 * 1024 + 1));
		await assert.rejects(stage.log.append(KEY, entry, HUNDRED), { code: 'CONTENT_TOO_LARGE' });
	});

	it('forgets the content of its messages when all have expired, but not its head', async () => {
		const stage = new Stage();
		await stage.append(1);
		await stage.pass(200_000);
		const [, head] = await stage.append(2);
		await stage.pass(299_999);
		const stored = (): unknown[] =>
			stage.storage.sql.exec('SELECT data FROM log WHERE data IS NOT NULL').toArray();
		assert.equal(stored().length, 3);
		await stage.pass(1);
		assert.equal(stored().length, 0);
		assert.equal(stage.storage.alarm, null);
		stage.wake();
		assert.deepEqual(await stage.log.last(KEY, 10), { entries: [], head });
		await stage.append(1);
		const page = await stage.log.after(KEY, String(head), 10);
		assert.equal(page.entries[0]?.previous, head);
		await stage.pass(3_600_000);
		assert.equal(stage.storage.alarm, null);
	});

	it('writes one row for each message, and at most 1.1 with all that comes later', async () => {
		const stage = new Stage();
		await stage.append(1);
		const before = stage.storage.written;
		await stage.append(100);
		assert.equal(stage.storage.written - before, 100);
		for (let message = 0; message < 900; message++) {
			await stage.append(1);
			await stage.pass(1000);
		}
		await stage.pass(3_600_000);
		assert.ok(stage.storage.written - before <= 1100, `${stage.storage.written - before}`);
	});
});
