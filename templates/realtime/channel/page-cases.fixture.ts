import assert from 'node:assert/strict';
import { MAX_KEPT_BYTES, PAGE_BYTES, PAGE_SIZE } from './limits.ts';
import type { Entry, Log, Page } from './ports.ts';

type Test = (name: string, run: (log: Log) => Promise<void>) => void;

const KEPT = { size: 1000, ttl: 60 };

async function write(log: Log, texts: Iterable<string>): Promise<void> {
	for (const data of texts) await log.append('lobby', { name: 'said', data, at: Date.now() }, KEPT);
}

/** The texts of the numbers from the first to the last. */
export function numbers(first: number, last: number): string[] {
	return Array.from({ length: last - first + 1 }, (_, index) => String(first + index));
}

export function dataOf(entries: readonly Entry[]): unknown[] {
	return entries.map(({ data }) => data);
}

/** The pages of whoever reads on from one to the head. */
async function readOn(log: Log, first: Page): Promise<readonly (readonly Entry[])[]> {
	const pages = [first.entries];
	for (let last = first.entries.at(-1); last !== undefined && last.position !== first.head; ) {
		const { entries } = await log.after('lobby', last.position);
		assert.equal(entries[0]?.previous, last.position);
		pages.push(entries);
		last = entries.at(-1);
	}
	return pages;
}

/** What the log of every engine gives to whoever reads on. `run` gets a log without messages. */
export function pageCases(test: Test): void {
	test('gives the oldest of the newest messages', async (log) => {
		await write(log, numbers(1, 12));
		const oldest = async (count: number, limit: number): Promise<unknown[]> =>
			dataOf((await log.last('lobby', count, limit)).entries);
		assert.deepEqual(await oldest(6, 4), ['7', '8', '9', '10']);
		assert.deepEqual(await oldest(2, 4), ['11', '12']);
		assert.deepEqual(await oldest(100, 4), ['1', '2', '3', '4']);
	});

	test('gives no more than a page to whoever reads on', async (log) => {
		const { head: root } = await log.last('lobby', 0);
		await write(log, numbers(1, 260));
		for (const [first, data] of [
			[await log.last('lobby', 250), numbers(11, 260)],
			[await log.after('lobby', root), numbers(1, 260)],
		] as const) {
			const pages = await readOn(log, first);
			assert.ok(pages.every(({ length }) => length <= PAGE_SIZE));
			assert.deepEqual(dataOf(pages.flat()), data);
		}
		assert.equal((await log.last('lobby', 250, 250)).entries.length, 250);
		assert.equal((await log.after('lobby', root, 250)).entries.length, 250);
	});

	test('gives a page after a snapshot', async (log) => {
		const { head: root } = await log.last('lobby', 0);
		assert.equal(await log.snapshot('lobby', { name: 'all', data: '0', at: 1 }, root), true);
		await write(log, numbers(1, 110));
		const page = await log.last('lobby', 1);
		assert.equal(page.snapshot?.data, '0');
		assert.ok(page.entries.length <= PAGE_SIZE);
		assert.deepEqual(dataOf((await readOn(log, page)).flat()), numbers(1, 110));
	});
}

/** What those logs give that measure a page in bytes as well. */
export function largePageCases(test: Test): void {
	test('ends a page where large messages fill it', async (log) => {
		const { head: root } = await log.last('lobby', 0);
		const text = (length: number): string => 'x'.repeat(length);
		// Half of a page, those that do not fit together, the largest, small ones again.
		const sizes = [1, PAGE_BYTES / 2, PAGE_BYTES / 3, PAGE_BYTES / 2, MAX_KEPT_BYTES, 1, 2, 3];
		const all = sizes.map((size) => text(Math.floor(size)));
		await write(log, all);
		for (const first of [await log.last('lobby', 100), await log.after('lobby', root)]) {
			const pages = await readOn(log, first);
			assert.deepEqual(dataOf(pages.flat()), all);
			for (const page of pages) {
				const bytes = page.reduce((sum, { data }) => sum + (data?.length ?? 0), 0);
				assert.ok(page.length === 1 || bytes <= PAGE_BYTES, `${page.length} of ${bytes} bytes`);
			}
			assert.equal(pages[0]?.length, 3);
		}
		assert.deepEqual(dataOf((await log.last('lobby', 100, 100)).entries), all);
		assert.deepEqual(dataOf((await log.after('lobby', root, 100)).entries), all);
	});
}
