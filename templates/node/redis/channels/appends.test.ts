import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_TOGETHER, MAX_TOGETHER_BYTES } from '../scripts/limits.ts';
import { Appends } from './appends.ts';

const KEPT = { size: 10, ttl: 60 };

const say = (data: string, id?: string) => ({ name: 'said', data, at: 1, id });

/** A log that tells how many messages each command has, and can fail. */
class Log {
	readonly commands: number[] = [];
	failure: Error | undefined;
	#number = 0;
	readonly appends = new Appends(async (_channel, messages) => {
		this.commands.push(messages.length);
		await null;
		if (this.failure !== undefined) throw this.failure;
		return messages.map(() => String(++this.#number));
	});
}

test('messages of one moment to a channel are one command, in order', async () => {
	const { appends, commands } = new Log();
	const sent = ['1', '2', '3'].map((data) => appends.add('lobby', say(data), KEPT));
	const other = appends.add('hall', say('1'), KEPT);
	assert.deepEqual(await Promise.all(sent), ['1', '2', '3']);
	await other;
	await appends.add('lobby', say('4'), KEPT);
	assert.deepEqual(commands, [3, 1, 1]);
});

test('a message with an id, and another retention, begin a command', async () => {
	const { appends, commands } = new Log();
	await Promise.all([
		appends.add('lobby', say('1'), KEPT),
		appends.add('lobby', say('2', 'order'), KEPT),
		appends.add('lobby', say('3'), KEPT),
		appends.add('lobby', say('4'), KEPT),
		appends.add('lobby', say('5'), { ...KEPT, ttl: 1 }),
		appends.add('lobby', say('6'), { ...KEPT, size: 0 }),
	]);
	assert.deepEqual(commands, [1, 1, 2, 1, 1]);
});

test('a command has a bounded number of messages, of a bounded size', async () => {
	const { appends, commands } = new Log();
	const many = Array.from({ length: MAX_TOGETHER + 1 }, () => say('1'));
	await Promise.all(many.map((one) => appends.add('lobby', one, KEPT)));
	const large = say('x'.repeat(MAX_TOGETHER_BYTES));
	await Promise.all([large, large, say('1')].map((one) => appends.add('lobby', one, KEPT)));
	assert.deepEqual(commands, [MAX_TOGETHER, 1, 1, 1, 1]);
});

test('something else can follow what waits', async () => {
	const { appends, commands } = new Log();
	const sent = appends.add('lobby', say('1'), KEPT);
	appends.flush('lobby');
	assert.deepEqual(commands, [1]);
	const later = appends.add('lobby', say('2'), KEPT);
	assert.deepEqual([await sent, await later], ['1', '2']);
	assert.deepEqual(commands, [1, 1]);
});

test('all messages of a command fail with it, and later ones do not', async () => {
	const log = new Log();
	log.failure = new Error('no');
	const sent = ['1', '2'].map((data) => log.appends.add('lobby', say(data), KEPT));
	for (const one of sent) await assert.rejects(one, /no/);
	log.failure = undefined;
	assert.equal(await log.appends.add('lobby', say('3'), KEPT), '1');
});
