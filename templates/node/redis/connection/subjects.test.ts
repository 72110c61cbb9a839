import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RedisClient } from './client.ts';
import { Subjects } from './subjects.ts';

test('a message that nobody can take is reported once, and ends nothing', async () => {
	const reports: string[] = [];
	let arrive = (_subject: Buffer, _message: Buffer): void => {};
	const client = {
		on: (_event: string, listener: typeof arrive) => {
			arrive = listener;
		},
		subscribe: async () => {},
	} as Partial<RedisClient> as RedisClient;
	const subjects = new Subjects({
		client: () => client,
		drop: assert.fail,
		after: () => () => {},
		report: (message, error) => reports.push(`${message}: ${error}`),
	});
	await subjects.join(client);
	const taken: string[] = [];
	await subjects.listen('lobby', (message) => {
		if (message.length === 0) throw new Error('empty');
		taken.push(String(message));
	});
	for (const text of ['', '', '1']) arrive(Buffer.from('lobby'), Buffer.from(text));
	assert.deepEqual(taken, ['1']);
	assert.deepEqual(reports, ['A realtime message cannot be taken: Error: empty']);
});
