import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataOf } from '../../../realtime/channel/page-cases.fixture.ts';
import { writeBody } from '../../engine/message.ts';
import { Names } from '../connection/names.ts';
import { ServerClock } from '../connection/server-clock.ts';
import type { Store, Stored } from '../connection/store.ts';
import type { Appender } from './appender.ts';
import type { Channels } from './channels.ts';
import { Heads } from './heads.ts';
import { NatsLog } from './nats-log.ts';
import { emptyHead, readRecord, writeRecord } from './record.ts';

const NAMES = new Names('test');
const NOW = Date.parse('2030-01-01T00:00:00Z');

test('messages that are kept follow each other, also after the clock of NATS went back', async () => {
	const { records: subject } = NAMES.channel('lobby');
	const records: Stored[] = [];
	// Seconds ago. The clock went back by 30 s behind the second message.
	for (const [index, age] of [90, 50, 70, 40].entries()) {
		const newest = records.at(-1);
		const head = newest === undefined ? emptyHead('epoch') : readRecord(newest).head;
		const body = writeBody({ name: 'said', data: String(index), at: 1 });
		const { bytes: data } = writeRecord(head, [{ body, tag: 'tagtag' }], { size: 100, ttl: 60 });
		const time = new Date(NOW - age * 1000).toISOString();
		records.push({ subject, sequence: index + 1, time, data });
	}
	const store: Pick<Store, 'from' | 'last' | 'put' | 'trim'> = {
		async *from(_, sequence) {
			yield* records.filter((record) => record.sequence >= sequence);
		},
		last: async (name) => (name === subject ? records.at(-1) : undefined),
		put: async () => undefined,
		trim: async () => {},
	};
	const clock = new ServerClock();
	clock.told(new Date(NOW).toISOString());
	const log = new NatsLog({
		requests: { tell() {} },
		store,
		heads: new Heads({ store, names: NAMES, random: () => '' }),
		appender: {} as Appender,
		channels: { hasRead() {} } as unknown as Channels,
		names: NAMES,
		clock,
		host: { alarm: () => () => {} },
	});
	const { entries } = await log.last('lobby', 100);
	assert.deepEqual(dataOf(entries), ['1', '2', '3']);
	for (const [index, { previous }] of entries.slice(1).entries()) {
		assert.equal(previous, entries[index]?.position);
	}
});
