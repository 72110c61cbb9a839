import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as settled } from 'node:timers/promises';
import { book } from '../registry.fixture.ts';
import { Registry } from '../registry.ts';
import { type CleanupPolicy, cleanUp } from './cleanup.ts';

const INTERVAL = 1000;

function bench(policy: CleanupPolicy) {
	let time = 0;
	const log: string[] = [];
	const cleanup = cleanUp(
		{ policy, interval: INTERVAL },
		(message, error) => void log.push(`${message}: ${error}`),
		() => time,
	);
	const registry = new Registry();
	const [temporary, lasting] = [book(registry, { tags: ['temporary'] }), book(registry)];
	for (const { entry } of [temporary, lasting]) cleanup.add(entry);
	return {
		temporary,
		lasting,
		log,
		async turn() {
			time += INTERVAL;
			cleanup.look();
			await settled();
		},
		stop: () => cleanup.stop(),
	};
}

const CLEANED = [[1001, 'Cleaned up']];

test('the policy decides with the connection of the manager', async () => {
	const { temporary, lasting, turn, stop } = bench(({ tags }) => tags.has('temporary'));
	await turn();
	assert.deepEqual(temporary.connection.closes, CLEANED);
	assert.deepEqual(lasting.connection.closes, []);
	stop();
});

test('an async policy is not called again for a connection before it has settled', async () => {
	let calls = 0;
	const { promise, resolve } = deferred();
	const { temporary, turn, stop } = bench(async ({ tags }) => {
		calls++;
		await promise;
		return tags.has('temporary');
	});
	await turn();
	await turn();
	assert.deepEqual([calls, temporary.connection.closes], [2, []]);
	resolve();
	await settled();
	assert.deepEqual(temporary.connection.closes, CLEANED);
	stop();
});

test('an error of the policy is reported, and the connection is kept', async () => {
	let turns = 0;
	const { temporary, lasting, log, turn, stop } = bench(({ tags }) => {
		turns++;
		if (turns <= 2) throw new Error('not today');
		return tags.has('temporary');
	});
	await turn();
	assert.deepEqual(log, Array(2).fill('The `customCleanupPolicy` failed: Error: not today'));
	assert.deepEqual([...temporary.connection.closes, ...lasting.connection.closes], []);
	// The policy is called again.
	await turn();
	assert.deepEqual(temporary.connection.closes, CLEANED);
	stop();
});

test('a result other than a boolean is reported, and closes nothing', async () => {
	const { temporary, log, turn, stop } = bench((() => 'yes') as unknown as CleanupPolicy);
	await turn();
	assert.match(String(log[0]), /must return a boolean, got: yes/);
	assert.deepEqual(temporary.connection.closes, []);
	stop();
});

function deferred(): { promise: Promise<void>; resolve: () => void } {
	let resolve = (): void => {};
	const promise = new Promise<void>((keep) => {
		resolve = keep;
	});
	return { promise, resolve };
}
