import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settled } from '../../../realtime/channel/channel.fixture.ts';
import { READS_AT_ONCE } from '../../engine/limits.ts';
import { Keys } from '../connection/keys.ts';
import type { Channels } from './channels.ts';
import { RedisLog } from './redis-log.ts';

test('reads a number of logs at once, and lets the others wait', async () => {
	const answers: (() => void)[] = [];
	const log = new RedisLog({
		commands: {
			run: () =>
				new Promise((resolve) => {
					answers.push(() => resolve([Buffer.from('epoch.0.'), Buffer.alloc(0)]));
				}),
			send: async () => undefined,
		},
		channels: { hasRead() {} } as Partial<Channels> as Channels,
		keys: new Keys('test'),
		leases: { time: 0 },
		host: { random: (length) => 'x'.repeat(length) },
	});
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
