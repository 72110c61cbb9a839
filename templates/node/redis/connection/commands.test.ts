import assert from 'node:assert/strict';
import { test } from 'node:test';
import { errorData } from '../../../realtime/protocol/errors.ts';
import { MAX_PENDING, MAX_PENDING_BYTES } from '../../engine/limits.ts';
import { script } from '../scripts/script.ts';
import type { Argument, RedisClient } from './client.ts';
import { Commands } from './commands.ts';

/** A client whose answers the test gives. */
class Answers {
	readonly sent: (readonly Argument[])[] = [];
	readonly settle: { resolve: (answer: unknown) => void; reject: (error: Error) => void }[] = [];
	isUp = true;
	dropped = 0;
	readonly reports: unknown[] = [];
	readonly commands = new Commands({
		client: () => (this.isUp ? (this as object as RedisClient) : undefined),
		drop: () => this.dropped++,
		report: (_, error) => this.reports.push(error),
	});

	callBuffer(...command: readonly Argument[]): Promise<unknown> {
		this.sent.push(command);
		return new Promise((resolve, reject) => this.settle.push({ resolve, reject }));
	}

	answer(answer: unknown): void {
		this.settle.shift()?.resolve(answer);
	}

	fail(message: string): void {
		this.settle.shift()?.reject(new Error(message));
	}
}

const SCRIPT = script('return 1');
const UNAVAILABLE = { code: 'SERVICE_UNAVAILABLE' };

test('a script is sent as a text once, and again to a server that forgot it', async () => {
	const answers = new Answers();
	const { commands } = answers;
	const first = commands.run(SCRIPT, ['key'], ['argument']);
	answers.answer('one');
	assert.equal(await first, 'one');
	const second = commands.run(SCRIPT, ['key'], ['argument']);
	answers.fail('NOSCRIPT No matching script.');
	await new Promise(setImmediate);
	answers.answer('two');
	assert.equal(await second, 'two');
	assert.deepEqual(answers.sent, [
		['EVAL', SCRIPT.text, 1, 'key', 'argument'],
		['EVALSHA', SCRIPT.sha, 1, 'key', 'argument'],
		['EVAL', SCRIPT.text, 1, 'key', 'argument'],
	]);
});

test('what was refused has not been done, and what was cut off may have been', async () => {
	for (const [message, code] of [
		["OOM command not allowed when used memory > 'maxmemory'.", 'SERVICE_UNAVAILABLE'],
		['LOADING Redis is loading the dataset in memory', 'SERVICE_UNAVAILABLE'],
		['NOPERM no permissions', 'SERVICE_UNAVAILABLE'],
		["Stream isn't … and enableOfflineQueue options is false", 'SERVICE_UNAVAILABLE'],
		['Connection is closed.', 'TIMEOUT'],
		['Command aborted due to connection close', 'TIMEOUT'],
	] as const) {
		const answers = new Answers();
		const sent = answers.commands.send('SET', 'key', 'value');
		answers.fail(message);
		await assert.rejects(sent, { code }, message);
		assert.equal(answers.sent.length, 1);
		assert.equal(answers.commands.pending, 0);
	}
});

for (const [said, isOutage] of [
	['OOM command not allowed at 10.0.0.1', true],
	["NOPERM User prod has no permissions to run the 'evalsha' command", false],
] as const) {
	test(`clients are not told what Redis says: ${said}`, async () => {
		const answers = new Answers();
		for (const key of ['one', 'two']) {
			const sent = answers.commands.send('SET', key, 'secret');
			answers.fail(said);
			const error = await sent.catch((error: unknown) => error);
			assert.equal(errorData(error).message, 'The realtime engine refused.');
			// The operator is, without what was sent.
			assert.deepEqual(Reflect.get(Object(error), 'cause'), new Error(said));
		}
		// The engine reports an outage.
		assert.deepEqual(answers.reports, isOutage ? [] : [new Error(said)]);
	});
}

test('without a connection nothing is sent', async () => {
	const answers = new Answers();
	answers.isUp = false;
	await assert.rejects(answers.commands.send('SET', 'key', 'value'), UNAVAILABLE);
	assert.equal(answers.sent.length, 0);
});

test('a server that became a replica is left', async () => {
	const answers = new Answers();
	const sent = answers.commands.send('SET', 'key', 'value');
	answers.fail("READONLY You can't write against a read only replica.");
	await assert.rejects(sent, UNAVAILABLE);
	assert.equal(answers.dropped, 1);
});

test('a channel of a newer version is told as such', async () => {
	const answers = new Answers();
	const sent = answers.commands.send('EVALSHA');
	answers.fail('ZNEWER the channel was written by another version script: abc');
	await assert.rejects(sent, { message: /newer version of the package/, ...UNAVAILABLE });
});

test('the end of a connection fails what was sent, and late answers change nothing', async () => {
	const answers = new Answers();
	const sent = [answers.commands.send('GET', 'a'), answers.commands.send('GET', 'b')];
	answers.commands.fail();
	for (const one of sent) await assert.rejects(one, { code: 'TIMEOUT' });
	answers.answer('late');
	answers.fail('Connection is closed.');
	await new Promise(setImmediate);
	assert.equal(answers.commands.pending, 0);
});

test('a bounded number of commands waits, of a bounded size', async () => {
	const many = new Answers();
	const waiting = Array.from({ length: MAX_PENDING }, () => many.commands.send('PING'));
	await assert.rejects(many.commands.send('PING'), { message: /overloaded/, ...UNAVAILABLE });
	many.answer('PONG');
	await waiting[0];
	void many.commands.send('PING').catch(() => {});
	assert.equal(many.sent.length, MAX_PENDING + 1);
	many.commands.fail();
	await Promise.allSettled(waiting);

	const large = new Answers();
	const half = Buffer.alloc(MAX_PENDING_BYTES / 2);
	const halves = [large.commands.send('SET', half), large.commands.send('SET', half)];
	await assert.rejects(large.commands.send('SET', 'a', 'b'), UNAVAILABLE);
	large.answer('OK');
	await halves[0];
	const small = large.commands.send('SET', 'a', 'b');
	large.commands.fail();
	await Promise.allSettled([...halves, small]);
});
