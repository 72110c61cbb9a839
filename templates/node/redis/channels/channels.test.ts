import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unavailable } from '../../engine/answers.ts';
import { CHECKED_AT_ONCE } from '../../engine/limits.ts';
import { Keys } from '../connection/keys.ts';
import type { Listener } from '../connection/subjects.ts';
import { FIRST_CHANGE } from '../scripts/limits.ts';
import { Channels } from './channels.ts';

const ENTRY = JSON.stringify({ id: 'a', member: { id: 'a', data: 1, since: 1 } });

/** Channels over what Redis would answer. */
class Stage {
	readonly listeners = new Map<string, Listener>();
	readonly reports: string[] = [];
	readonly repaired: string[] = [];
	/** The numbers of keys of each comparison. */
	readonly asked: number[] = [];
	/** The answers to a comparison: position and change of each channel. */
	answers: readonly string[] = [];
	/** Called before Redis answers. */
	meanwhile: () => void = () => {};
	isDown = false;
	interruptions = 0;
	readonly channels: Channels;

	constructor(isCluster = false) {
		const stage = this;
		this.channels = new Channels({
			commands: {
				async run(_script, keys) {
					stage.asked.push(keys.length);
					const { answers } = stage;
					await null;
					stage.meanwhile();
					return answers.map((answer) => Buffer.from(answer));
				},
			},
			subjects: {
				async listen(name, listener) {
					await null;
					if (stage.isDown) throw unavailable();
					stage.listeners.set(name, listener);
					return () => stage.listeners.delete(name);
				},
			},
			keys: new Keys('site'),
			isCluster: () => isCluster,
			report: (message, error) => this.reports.push(`${message}: ${error}`),
			repair: (channel) => this.repaired.push(channel),
		});
	}

	async watch(channel = 'lobby'): Promise<() => void> {
		const watcher = {
			entry: () => {},
			cast: () => {},
			entered: () => {},
			departed: () => {},
			interrupted: () => {
				this.interruptions++;
			},
		};
		const ends = [
			await this.channels.watchLog(channel, watcher),
			await this.channels.watchRoster(channel, watcher),
		];
		return () => {
			for (const end of ends) end();
		};
	}

	arrive(text: string): void {
		for (const listener of this.listeners.values()) listener(Buffer.from(text));
	}

	entry(position: string): void {
		this.arrive(`e${position}\nbefore\n["said",1,null,null,0]\n`);
	}
}

test('one subscription serves log and presence, until the last watcher ends', async () => {
	const stage = new Stage();
	const end = await stage.watch();
	const endOther = await stage.watch();
	assert.equal(stage.listeners.size, 1);
	end();
	assert.equal(stage.listeners.size, 1);
	endOther();
	assert.deepEqual([stage.listeners.size, stage.channels.size], [0, 0]);
});

test('a subscription that failed can be tried again', async () => {
	const stage = new Stage();
	stage.isDown = true;
	await assert.rejects(stage.watch(), { code: 'SERVICE_UNAVAILABLE' });
	assert.equal(stage.channels.size, 0);
	stage.isDown = false;
	await stage.watch();
	assert.equal(stage.channels.size, 1);
});

for (const [what, known, answer, meanwhile, isMissed] of [
	['is where it was', 'e.5.a', 'e.5.a', undefined, false],
	['went on without a word', 'e.5.a', 'e.6.b', undefined, true],
	['lost its newest messages', 'e.5.a', 'e.4.x', undefined, true],
	['has another message of that number', 'e.5.a', 'e.5.x', undefined, true],
	['began anew', 'e.5.a', 'f.0.', undefined, true],
	['has nothing any more', 'e.5.a', '', undefined, true],
	['went on while it was asked', 'e.5.a', 'e.6.b', 'e.6.b', false],
	['went on after it was asked', 'e.5.a', 'e.5.a', 'e.7.c', false],
	['was never read', undefined, 'e.6.b', undefined, false],
] as const) {
	test(`a comparison with a log that ${what} ${isMissed ? 'interrupts' : 'is fine'}`, async () => {
		const stage = new Stage();
		await stage.watch();
		if (known !== undefined) stage.channels.hasRead('lobby', known);
		stage.answers = [answer, ''];
		if (meanwhile !== undefined) stage.meanwhile = () => stage.entry(meanwhile);
		await stage.channels.check();
		assert.equal(stage.interruptions, isMissed ? 1 : 0);
		assert.deepEqual(stage.repaired, []);
	});
}

for (const [what, known, answer, isMissed, isRepaired] of [
	['is as it was', 7, '7', false, false],
	['went on', 7, '9', true, false],
	['went back', 7, '3', true, true],
	['is gone', 7, '', true, true],
	['is empty still', 0, '', false, false],
] as const) {
	test(`a comparison with presence that ${what}`, async () => {
		const stage = new Stage();
		await stage.watch();
		stage.channels.hasReadPresence('lobby', known);
		stage.answers = ['', answer];
		await stage.channels.check();
		assert.equal(stage.interruptions, isMissed ? 1 : 0);
		assert.deepEqual(stage.repaired, isRepaired ? ['lobby'] : []);
	});
}

test('changes of presence are a chain', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.arrive(`p5\n${ENTRY}`);
	// Read before that change, and answered after it.
	stage.channels.hasReadPresence('lobby', 4);
	stage.arrive('d6\na');
	assert.equal(stage.interruptions, 0);
	stage.arrive(`p8\n${ENTRY}`);
	assert.deepEqual([stage.interruptions, stage.repaired], [1, []]);
	stage.arrive(`p2\n${ENTRY}`);
	assert.deepEqual([stage.interruptions, stage.repaired], [2, ['lobby']]);
});

for (const [what, change, isMissed] of [
	['is the first one', 5 * FIRST_CHANGE, false],
	['is not the first one', 5 * FIRST_CHANGE + 1, true],
] as const) {
	test(`a change of an empty group that ${what} ${isMissed ? 'interrupts' : 'is fine'}`, async () => {
		const stage = new Stage();
		await stage.watch();
		stage.channels.hasReadPresence('lobby', 0);
		stage.arrive(`p${change}\n${ENTRY}`);
		assert.equal(stage.interruptions, isMissed ? 1 : 0);
	});
}

test('what somebody else reads hides nothing that the watchers missed, and is told once', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.channels.hasRead('lobby', 'e.5.a');
	stage.channels.hasReadPresence('lobby', 7);
	stage.channels.hasRead('lobby', 'e.6.b');
	stage.channels.hasReadPresence('lobby', 8);
	stage.answers = ['e.6.b', '8'];
	await stage.channels.check();
	assert.equal(stage.interruptions, 2);
	await stage.channels.check();
	assert.equal(stage.interruptions, 2);
});

test('while members enter again nobody reads presence, and afterwards everybody does', async () => {
	const stage = new Stage();
	await stage.watch('one');
	await stage.watch('two');
	stage.channels.recover();
	stage.channels.hasReadPresence('one', 7);
	stage.arrive(`p2\n${ENTRY}`);
	assert.equal(stage.interruptions, 0);
	assert.deepEqual(stage.repaired, ['one']);
	stage.channels.recovered();
	assert.equal(stage.interruptions, 2);
});

test('many channels are compared with few commands, in a Cluster with those that lie together', async () => {
	const stage = new Stage();
	const count = CHECKED_AT_ONCE + 1;
	for (let index = 0; index < count; index++) await stage.watch(`channel ${index}`);
	await stage.channels.check();
	assert.deepEqual(stage.asked, [3 * CHECKED_AT_ONCE, 3]);
	const cluster = new Stage(true);
	for (let index = 0; index < count; index++) await cluster.watch(`channel ${index}`);
	await cluster.channels.check();
	const keys = new Keys('site');
	const roots = new Set(
		Array.from({ length: count }, (_, index) => keys.channel(`channel ${index}`).root),
	);
	assert.equal(cluster.asked.length, roots.size);
});

test('a message that nobody can read is reported once, and ends nothing', async () => {
	const stage = new Stage();
	await stage.watch();
	stage.arrive('?');
	stage.arrive('e');
	assert.equal(stage.reports.length, 1);
	stage.channels.hasRead('lobby', 'e.5.a');
	stage.entry('e.6.b');
	stage.answers = ['e.6.b', ''];
	await stage.channels.check();
	assert.equal(stage.interruptions, 0);
});
