import assert from 'node:assert/strict';
import type { Log, NewEntry, Page } from './ports.ts';
import { rootPosition } from './position.ts';

const LARGE = { size: 100, ttl: 60 };
const SMALL = { size: 3, ttl: 60 };

function entry(data: NewEntry['data']): NewEntry {
	return { name: 'said', data, at: Date.now() };
}

/** What a page gives, the snapshot first. */
function told({ snapshot, entries }: Page): unknown[] {
	const first = snapshot === undefined ? [] : [`all: ${snapshot.data}`];
	return [...first, ...entries.map(({ data }) => data)];
}

/** What the log of every engine does with a snapshot. `run` gets a log without messages. */
export function snapshotCases(
	test: (name: string, run: (log: Log) => Promise<void>) => void,
): void {
	const write = async (log: Log, texts: string, retention = LARGE): Promise<string[]> => {
		const positions: string[] = [];
		for (const text of texts) positions.push(await log.append('lobby', entry(text), retention));
		return positions;
	};

	test('gives a snapshot in place of what it stands for', async (log) => {
		const [one = '', two = '', three = ''] = await write(log, '123');
		assert.equal(await log.snapshot('lobby', entry('12'), two), true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 12', '3']);
		assert.deepEqual(told(await log.after('lobby', two, 10)), ['3']);
		const [next] = (await log.after('lobby', one, 10)).entries;
		assert.equal(next?.previous, two);
		assert.equal((await log.last('lobby', 0)).snapshot, undefined);
		assert.equal(await log.snapshot('lobby', entry('123'), three), true);
		const page = await log.last('lobby', 10);
		assert.deepEqual(told(page), ['all: 123']);
		assert.equal(page.snapshot?.position, three);
		assert.equal(page.head, three);
		assert.deepEqual((await log.after('lobby', one, 10)).entries, []);
		await write(log, '45');
		assert.deepEqual(told(await log.last('lobby', 1, 1)), ['all: 123', '4']);
	});

	test('gives back a snapshot as it was given', async (log) => {
		const [position = ''] = await write(log, '1');
		for (const given of [
			{ ...entry('{"text":"ä\\n🙂"}'), from: 'connection', at: 1234.5 },
			entry(undefined),
			entry(Uint8Array.from([0, 10, 13, 255])),
		]) {
			await log.snapshot('lobby', given, position);
			const { id = undefined, from = undefined, ...rest } = given as NewEntry;
			const expected = { ...rest, id, from, position };
			const { snapshot } = await log.last('lobby', 10);
			assert.deepEqual({ id: undefined, from: undefined, ...snapshot }, expected);
		}
	});

	test('keeps what is appended while a snapshot is made', async (log) => {
		await write(log, '12');
		const { entries, head } = await log.last('lobby', 10);
		const data = entries.map((found) => found.data).join('');
		const [, isTaken] = await Promise.all([
			write(log, '3456'),
			log.snapshot('lobby', entry(data), head),
		]);
		assert.equal(isTaken, true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 12', '3', '4', '5', '6']);
	});

	test('ignores a snapshot that is older than the newest one', async (log) => {
		const [one = '', two = '', three = ''] = await write(log, '123');
		assert.equal(await log.snapshot('lobby', entry('12'), two), true);
		assert.equal(await log.snapshot('lobby', entry('1'), one), false);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 12', '3']);
		assert.equal(await log.snapshot('lobby', entry('12 again'), two), true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 12 again', '3']);
		const taken = await Promise.all([
			log.snapshot('lobby', entry('123'), three),
			log.snapshot('lobby', entry('12 late'), two),
		]);
		assert.equal(taken[0], true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 123']);
	});

	test('ignores a snapshot of messages that it never had', async (log) => {
		const [one = '', two = ''] = await write(log, '12');
		const forged = one.replace(/\.[^.]*$/, '.zzzzzz');
		const future = two.replace(/\.2\./, '.zz.');
		for (const position of [forged, future, rootPosition('another0'), 'x', '']) {
			assert.equal(await log.snapshot('lobby', entry('no'), position), false, position);
		}
		assert.deepEqual(told(await log.last('lobby', 10)), ['1', '2']);
	});

	test('ignores a snapshot whose next message is not kept any more', async (log) => {
		const [one = '', two = ''] = await write(log, '12345', SMALL);
		assert.equal(await log.snapshot('lobby', entry('1'), one), false);
		assert.equal(await log.snapshot('lobby', entry('12'), two), true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 12', '3', '4', '5']);
	});

	test('keeps a snapshot when messages after it are trimmed', async (log) => {
		const [one = ''] = await write(log, '1', SMALL);
		await log.snapshot('lobby', entry('1'), one);
		await write(log, '23456', SMALL);
		const page = await log.last('lobby', 10);
		assert.deepEqual(told(page), ['all: 1', '4', '5', '6']);
		assert.notEqual(page.entries[0]?.previous, one);
		const { head } = page;
		assert.equal(await log.snapshot('lobby', entry('123456'), head), true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: 123456']);
	});

	test('takes a snapshot before the first message', async (log) => {
		const { head } = await log.last('lobby', 0);
		assert.equal(await log.snapshot('lobby', entry('of a database'), head), true);
		assert.deepEqual(told(await log.last('lobby', 10)), ['all: of a database']);
		await write(log, '1');
		const page = await log.last('lobby', 10);
		assert.deepEqual(told(page), ['all: of a database', '1']);
		assert.equal(page.entries[0]?.previous, head);
	});

	test('refuses a snapshot over 256 KB', async (log) => {
		const [position = ''] = await write(log, '1');
		const large = entry('x'.repeat(256 * 1024));
		assert.equal(await log.snapshot('lobby', large, position), true);
		await assert.rejects(log.snapshot('lobby', entry(`${large.data}x`), position), {
			code: 'CONTENT_TOO_LARGE',
		});
		assert.equal((await log.last('lobby', 1)).snapshot?.data, large.data);
	});
}
