import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../../realtime/channel/channel.fixture.ts';
import { PAGE_BYTES } from '../../../realtime/channel/limits.ts';
import { dataOf, numbers } from '../../../realtime/channel/page-cases.fixture.ts';
import { READS_AT_ONCE } from '../../engine/limits.ts';
import { writeBody } from '../../engine/message.ts';
import { Keys } from '../connection/keys.ts';
import type { Channels } from './channels.ts';
import { RedisLog, type RedisLogInit } from './redis-log.ts';

function logWith(run: RedisLogInit['commands']['run']): RedisLog {
	return new RedisLog({
		commands: { run, send: async () => undefined },
		channels: { hasRead() {} } as Partial<Channels> as Channels,
		keys: new Keys('test'),
		leases: { time: 0 },
		host: { random: (length) => 'x'.repeat(length) },
	});
}

/** Answers with two messages at a time, of those that are still kept. */
class Answers {
	readonly asked: { most: number; bytes: number; after: number }[] = [];
	#oldest = 1;
	readonly #newest: number;

	constructor(newest: number) {
		this.#newest = newest;
	}

	readonly run: RedisLogInit['commands']['run'] = async (_script, _keys, given) => {
		const [most = 0, bytes = 0, number = 0, epoch] = given.slice(3);
		const after = epoch === undefined ? this.#newest - Number(number) : Number(number);
		this.asked.push({ most: Number(most), bytes: Number(bytes), after });
		const messages: Buffer[] = [];
		for (
			let next = Math.max(after + 1, this.#oldest);
			messages.length < Math.min(2, Number(most));
			next++
		) {
			if (next > this.#newest) break;
			const body = writeBody({ name: 'said', data: String(next), at: 0 });
			messages.push(Buffer.from(`e${position(next)}\n${position(next - 1)}\n${body}`));
		}
		return [Buffer.from(position(this.#newest)), Buffer.alloc(0), ...messages];
	};

	trim(oldest: number): void {
		this.#oldest = oldest;
	}
}

function position(number: number): string {
	return `epoch.${number.toString(36)}.tag`;
}

test('reads a long history in answers of the size of a page', async () => {
	const answers = new Answers(30);
	const log = logWith(answers.run);
	const { entries, head } = await log.last('lobby', 25, 25);
	assert.deepEqual(dataOf(entries), numbers(6, 30));
	assert.equal(head, position(30));
	assert.ok(answers.asked.every(({ bytes }) => bytes === PAGE_BYTES));
	assert.deepEqual(answers.asked.at(-1), { most: 1, bytes: PAGE_BYTES, after: 29 });
	const after = await log.after('lobby', position(20), 5);
	assert.deepEqual(dataOf(after.entries), numbers(21, 25));
	const asked = answers.asked.length;
	assert.equal((await log.last('lobby', 25)).entries.length, 2);
	assert.equal(answers.asked.length, asked + 1);
});

test('gives of a history that is trimmed while it is read what is kept', async () => {
	const answers = new Answers(30);
	const log = logWith(async (...given) => {
		if (answers.asked.length === 2) answers.trim(20);
		return await answers.run(...given);
	});
	const { entries, head } = await log.last('lobby', 25, 25);
	assert.deepEqual(dataOf(entries), numbers(20, 30));
	assert.equal(head, position(30));
});

test('reads a number of logs at once, and lets the others wait', async () => {
	const answers: (() => void)[] = [];
	const log = logWith(
		() =>
			new Promise((resolve) => {
				answers.push(() => resolve([Buffer.from('epoch.0.'), Buffer.alloc(0)]));
			}),
	);
	const reads = Array.from({ length: READS_AT_ONCE + 2 }, (_, index) =>
		index % 2 === 0 ? log.last('lobby', 10) : log.after('lobby', 'epoch.1.tag'),
	);
	await settled();
	assert.equal(answers.length, READS_AT_ONCE);
	for (let index = 0; index < answers.length; index++) {
		answers[index]?.();
		await settled();
	}
	assert.equal(answers.length, READS_AT_ONCE + 2);
	await Promise.all(reads);
});
