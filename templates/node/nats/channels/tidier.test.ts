import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Retention } from '../../../realtime/channel/ports.ts';
import { unavailable } from '../../engine/answers.ts';
import { writeBody } from '../../engine/message.ts';
import { FOUND_AT_ONCE, UNTIDY } from '../connection/limits.ts';
import { Names } from '../connection/names.ts';
import type { NewMessage, Store, Stored } from '../connection/store.ts';
import { Leftovers } from './leftovers.ts';
import { emptyHead, readRecord, writeRecord } from './record.ts';
import { Tidier } from './tidier.ts';

const NAMES = new Names('test');
const KEPT: Retention = { size: 100, ttl: 300 };
const LOBBY = NAMES.channel('lobby').records;

type Used = Pick<Store, 'from' | 'keep' | 'last' | 'put' | 'trim'>;

/** A stream of records, and a clock that the server and all processes share. */
class Stream implements Used {
	now = Date.parse('2030-01-01T00:00:00Z');
	records: Stored[] = [];
	/** Messages that were read one after the other. */
	read = 0;
	isDown = false;
	#sequence = 0;

	/** Appends a message, as some process does. Returns the sequence of its record. */
	async publish(subject = LOBBY, retention = KEPT): Promise<number> {
		const newest = this.#of(subject).at(-1);
		const head = newest === undefined ? emptyHead('epoch') : readRecord(newest).head;
		const body = writeBody({ name: 'said', data: '1', at: 1 });
		const { bytes } = writeRecord(head, [{ body, tag: 'tag' }], retention);
		return (await this.put({ subject, data: bytes, after: head.sequence })) ?? 0;
	}

	/** The number of messages that a channel has still. */
	kept(subject = LOBBY): number {
		return this.#of(subject).flatMap((record) => readRecord(record).entries(0)).length;
	}

	async put({ subject, data, after, isOnly }: NewMessage): Promise<number | undefined> {
		if ((this.#of(subject).at(-1)?.sequence ?? 0) !== after) return undefined;
		if (isOnly) this.records = this.records.filter((record) => record.subject !== subject);
		const sequence = ++this.#sequence;
		const time = new Date(this.now).toISOString();
		this.records.push({ subject, sequence, time, data: Buffer.from(data) });
		return sequence;
	}

	async last(subject: string): Promise<Stored | undefined> {
		if (this.isDown) throw unavailable();
		return this.#of(subject).at(-1);
	}

	async *from(subject: string, sequence: number): AsyncGenerator<Stored> {
		for (const record of this.#of(subject)) {
			if (record.sequence < sequence) continue;
			if (this.isDown) throw unavailable();
			this.read++;
			yield record;
		}
	}

	async trim(subject: string, sequence: number): Promise<void> {
		this.records = this.records.filter(
			(record) => record.subject !== subject || record.sequence >= sequence,
		);
	}

	async keep(subject: string, count: number): Promise<void> {
		const kept = new Set(this.#of(subject).slice(-count));
		this.records = this.records.filter((one) => one.subject !== subject || kept.has(one));
	}

	/** A process that removes what has expired. */
	tidier(): Tidier {
		const serverClock = { now: () => this.now };
		return new Tidier({ store: this, serverClock, clock: () => this.now - 1e12 });
	}

	#of(subject: string): readonly Stored[] {
		return this.records.filter(
			(record) => subject === NAMES.allRecords || record.subject === subject,
		);
	}
}

function seconds(count: number): number {
	return count * 1000;
}

test('keeps what another process has published since', async () => {
	const stream = new Stream();
	const [early, late] = [stream.tidier(), stream.tidier()];
	early.appended(LOBBY, await stream.publish(), KEPT);
	stream.now += seconds(299);
	late.appended(LOBBY, await stream.publish(), KEPT);
	stream.now += seconds(2);
	await early.tidy();
	assert.equal(readRecord(stream.records.at(-1) as Stored).head.isBare, false);
	await late.tidy();
	assert.equal(stream.kept(), 2);
	stream.now += seconds(300);
	await late.tidy();
	assert.equal(stream.kept(), 0);
	assert.equal(stream.records.length, 1);
});

test('removes what another process has published and left', async () => {
	const stream = new Stream();
	const tidier = stream.tidier();
	tidier.appended(LOBBY, await stream.publish(), KEPT);
	stream.now += seconds(299);
	await stream.publish();
	stream.now += seconds(2);
	await tidier.tidy();
	stream.now += seconds(299);
	await tidier.tidy();
	assert.equal(stream.kept(), 0);
	assert.equal(stream.records.length, 1);
});

test('goes by the lifetime that the newest message has', async () => {
	const stream = new Stream();
	const tidier = stream.tidier();
	tidier.appended(LOBBY, await stream.publish(), KEPT);
	stream.now += seconds(1);
	await stream.publish(LOBBY, { size: 100, ttl: 3600 });
	stream.now += seconds(400);
	await tidier.tidy();
	assert.equal(stream.kept(), 2);
	stream.now += seconds(3600);
	await tidier.tidy();
	assert.equal(stream.kept(), 0);
});

test('removes nothing of new data by the sequences of lost data', async () => {
	const stream = new Stream();
	const tidier = stream.tidier();
	const leftovers = new Leftovers({ store: stream, names: NAMES, tidier });
	await leftovers.lookOn();
	tidier.appended(LOBBY, 1_000_000, KEPT);
	tidier.clear();
	leftovers.restart();
	stream.now += seconds(299);
	await stream.publish();
	await leftovers.lookOn();
	stream.now += seconds(2);
	tidier.appended(LOBBY, await stream.publish(), KEPT);
	await tidier.tidy();
	assert.equal(stream.kept(), 2);
	stream.now += seconds(301);
	await tidier.tidy();
	assert.equal(stream.kept(), 0);
});

test('removes what earlier processes left, expired by now or later', async () => {
	const stream = new Stream();
	const hall = NAMES.channel('hall').records;
	await stream.publish();
	stream.now += seconds(200);
	await stream.publish(hall);
	stream.now += seconds(200);
	const tidier = stream.tidier();
	const leftovers = new Leftovers({ store: stream, names: NAMES, tidier });
	await leftovers.lookOn();
	await tidier.tidy();
	assert.deepEqual([stream.kept(LOBBY), stream.kept(hall)], [0, 1]);
	stream.now += seconds(200);
	await tidier.tidy();
	assert.deepEqual([stream.kept(LOBBY), stream.kept(hall)], [0, 0]);
	assert.equal(stream.records.length, 2);
});

test('keeps what a channel keeps now, also if earlier records were of fewer', async () => {
	const stream = new Stream();
	const fewer: Retention = { size: 10, ttl: 300 };
	await stream.publish(LOBBY, fewer);
	const hall = NAMES.channel('hall').records;
	for (let index = 0; index < FOUND_AT_ONCE; index++) await stream.publish(hall);
	stream.now += seconds(1);
	// The next deploy keeps more.
	const tidier = stream.tidier();
	for (let index = 0; index < fewer.size + UNTIDY; index++) {
		tidier.appended(LOBBY, await stream.publish(), KEPT);
	}
	const leftovers = new Leftovers({ store: stream, names: NAMES, tidier });
	// It finds the earlier record, and not yet the newest one.
	await leftovers.lookOn();
	await tidier.tidy();
	assert.equal(stream.kept(), 1 + fewer.size + UNTIDY);
});

test('looks at a number of earlier records at once, at each of them once', async () => {
	const stream = new Stream();
	const count = 2 * FOUND_AT_ONCE + 10;
	for (let index = 0; index < count; index++) {
		await stream.publish(NAMES.channel(String(index)).records);
	}
	await stream.put({ subject: LOBBY, data: '[99,"of a newer version"]\n', after: 0 });
	const tidier = stream.tidier();
	const leftovers = new Leftovers({ store: stream, names: NAMES, tidier });
	await leftovers.lookOn();
	assert.equal(stream.read, FOUND_AT_ONCE);
	stream.isDown = true;
	await leftovers.lookOn();
	stream.isDown = false;
	// What comes now is that of running processes.
	await stream.publish(NAMES.channel('new').records);
	for (let index = 0; index < 4; index++) await leftovers.lookOn();
	assert.equal(stream.read, count + 1);
	stream.now += seconds(301);
	await tidier.tidy();
	const left = stream.records.filter(({ data }) => data.includes('said'));
	assert.deepEqual(
		left.map(({ subject }) => subject),
		[NAMES.channel('new').records],
	);
});
