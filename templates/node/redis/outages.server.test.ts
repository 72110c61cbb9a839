import assert from 'node:assert/strict';
import { describe, type TestContext } from 'node:test';
import { member, only, until, Watcher } from '../engine/engine.fixture.ts';
import {
	isUp,
	KEPT,
	type Outage,
	type OutageStage,
	outageCases,
	say,
	startOutage,
} from '../engine/outage-cases.fixture.ts';
import { ownServerTest, RedisServer } from './own-server.fixture.ts';
import { Process } from './redis.fixture.ts';

const STAGE: OutageStage<RedisServer> = {
	test: ownServerTest,
	server: (context) => RedisServer.start(context),
	process: (prefix, address) => new Process(prefix, { REDIS_URL: `redis://${address}` }),
	userRequest: /eval[\s\S]*:u:/i,
	firstRequest: /:living/,
};

const stage = (context: TestContext, count: number): Promise<Outage<RedisServer>> =>
	startOutage(STAGE, context, count);

// Each case has a server of its own, and most of them wait.
describe('outages', { concurrency: 4 }, () => {
	outageCases(STAGE);

	ownServerTest('a dead link for messages is found, although commands work', async (context) => {
		const { ways, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.log.watch('lobby', watcher);
		await one.engine.log.last('lobby', 0);
		only(ways).swallow('subscriptions');
		await two.engine.log.append('lobby', say('missed'), KEPT);
		await until('it was found', () => one.host.reports.length === 1, 25_000);
		only(ways).open();
		await until('it is up', () => isUp(one));
		await until('the watcher was told', () => watcher.interruptions === 1);
	});

	ownServerTest('a link for messages may take four seconds to come back', async (context) => {
		const { ways, all } = await stage(context, 1);
		const one = only(all);
		only(ways).swallow('subscriptions');
		await until('it was found', () => one.host.reports.length === 1, 25_000);
		// Longer than the time between two renewals.
		only(ways).open(4000);
		await until('it is up', () => isUp(one));
	});

	ownServerTest('what was missed is told also if it was read meanwhile', async (context) => {
		const { server, ways, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.log.watch('lobby', watcher);
		await one.engine.log.last('lobby', 0);
		await one.engine.roster.watch('lobby', watcher);
		await one.engine.roster.present('lobby');
		only(ways).swallow('subscriptions');
		await two.engine.log.append('lobby', say('missed'), KEPT);
		await two.engine.roster.enter('lobby', member('b'));
		// A page of the site shows both.
		assert.equal((await one.engine.log.last('lobby', 10)).entries.length, 1);
		assert.equal((await one.engine.roster.present('lobby')).length, 1);
		only(ways).open();
		await server.send('CLIENT', 'KILL', 'TYPE', 'pubsub');
		await until('the watchers were told of both', () => watcher.interruptions === 2);
	});

	ownServerTest('a server that lost its scripts gets them again', async (context) => {
		const { server, all } = await stage(context, 1);
		const one = only(all);
		await one.engine.log.append('lobby', say('1'), KEPT);
		await server.send('SCRIPT', 'FLUSH');
		await one.engine.log.append('lobby', say('2'), KEPT);
		assert.equal((await one.engine.log.last('lobby', 10)).entries.length, 2);
	});

	ownServerTest('a server that restarted keeps the order of messages', async (context) => {
		const { server, all } = await stage(context, 1);
		const one = only(all);
		const ended = Date.now();
		await server.kill();
		await server.start();
		await until('it is up', () => isUp(one) && one.engine.status.since >= ended);
		const sent = Array.from({ length: 40 }, (_, index) => JSON.stringify(String(index)));
		const appended: Promise<unknown>[] = [];
		for (const data of sent) {
			appended.push(one.engine.log.append('lobby', { name: 'said', data, at: 1 }, KEPT));
			await new Promise(setImmediate);
		}
		await Promise.all(appended);
		const { entries } = await one.engine.log.last('lobby', 100);
		assert.deepEqual(
			entries.map(({ data }) => data),
			sent,
		);
	});

	ownServerTest('a server without scripts does everything in its order', async (context) => {
		const { all } = await stage(context, 1);
		const { roster } = only(all).engine;
		await roster.enter('lobby', member('stays'));
		await roster.enter('lobby', member('leaves'));
		// The server knows the script of one, and is given that of the other.
		await roster.depart('lobby', 'stays', 0);
		await roster.enter('lobby', member('stays'));
		await roster.depart('lobby', 'leaves', 0);
		const present = async (): Promise<readonly string[]> =>
			(await roster.present('lobby')).map(({ id }) => id);
		await until('one left', async () => !(await present()).includes('leaves'));
		assert.deepEqual(await present(), ['stays']);
	});

	ownServerTest(
		'a session that goes on is not suspended by a script that was lost',
		async (context) => {
			const { server, all } = await stage(context, 2);
			const [one, two] = [only(all).engine.roster, only(all, 1).engine.roster];
			const { secret } = await one.openSession('ada');
			await server.send('SCRIPT', 'FLUSH');
			// The server learns the script that continues sessions, and not the one that suspends them.
			await two.resumeSession('AAAAAAAAAAAAAAAAAAAAAA', 'grace');
			const suspended = one.suspendSession(secret);
			assert.notEqual(await one.resumeSession(secret, 'ada'), undefined);
			await suspended;
			for (let index = 0; index < 20; index++) await one.openSession('ada');
			// Only one without a connection makes room.
			assert.notEqual(await one.resumeSession(secret, 'ada'), undefined);
		},
	);

	ownServerTest(
		'a process that lost its lease, and then its link, enters its members again',
		async (context) => {
			const { server, ways, all } = await stage(context, 1);
			const one = only(all);
			const keyOf = async (end: string): Promise<string> =>
				/\{[^\r]*/.exec(await server.send('KEYS', `*${end}`))?.[0] ?? '';
			await one.engine.roster.enter('lobby', member('a'));
			await one.users.enter('ada', 'a');
			const present = await keyOf(':present');
			// It is the mark of the site that it asks for then.
			only(ways).loseAnswerTo(/'life'/);
			await server.send('DEL', await keyOf(':living'));
			await until('it is down', () => !isUp(one));
			// Others have removed its members.
			await server.send('DEL', present);
			only(ways).open();
			await until('the member is back', async () => {
				const members = await one.engine.roster.present('lobby').catch(() => []);
				return members.length === 1;
			});
		},
	);

	ownServerTest(
		'a session that has come back is not ended by the late news that it went',
		async (context) => {
			const { ways, all } = await stage(context, 2);
			const [one, two] = [only(all).engine.roster, only(all, 1).engine.roster];
			const taken: string[] = [];
			one.watchTakeovers?.((secret) => taken.push(secret));
			const [back, gone] = [await one.openSession('ada'), await one.openSession('ada')];
			// News take longer than answers.
			only(ways).open(500);
			await two.resumeSession(back.secret, 'ada');
			await one.resumeSession(back.secret, 'ada');
			await two.resumeSession(gone.secret, 'ada');
			await until('the news of the other one arrived', () => taken.includes(gone.secret));
			assert.deepEqual(taken, [gone.secret]);
			assert.equal((await one.claim(back.secret, 1)).state, 'claimed');
		},
	);

	ownServerTest('a server that is full refuses messages, and says so once', async (context) => {
		const { server, all } = await stage(context, 1);
		const one = only(all);
		const position = await one.engine.log.append('lobby', say('1'), KEPT);
		await server.send('CONFIG', 'SET', 'maxmemory', '1');
		await assert.rejects(one.engine.log.append('lobby', say('2'), KEPT), {
			code: 'SERVICE_UNAVAILABLE',
			message: 'The realtime engine refused.',
		});
		await until('it is down', () => !isUp(one));
		await until('it was told', () => one.host.reports.length === 1);
		assert.match(only(one.host.reports), /memory of Redis at \S+ is full/);
		await server.send('CONFIG', 'SET', 'maxmemory', '0');
		await until('it is up', () => isUp(one));
		const { entries, head } = await one.engine.log.last('lobby', 10);
		assert.deepEqual([entries.length, head], [1, position]);
		assert.equal(one.host.reports.length, 1);
	});

	ownServerTest('a master that became a replica is left for the next try', async (context) => {
		const { server, all } = await stage(context, 1);
		const one = only(all);
		await server.send('REPLICAOF', '127.0.0.1', '1');
		await assert.rejects(one.engine.log.append('lobby', say('1'), KEPT), {
			code: 'SERVICE_UNAVAILABLE',
		});
		await until('it was told', () => one.host.reports.length === 1);
		await server.send('REPLICAOF', 'NO', 'ONE');
		await until('it is up', () => isUp(one));
		await one.engine.log.append('lobby', say('2'), KEPT);
	});

	ownServerTest('FLUSHALL is noticed without a lost connection', async (context) => {
		const { server, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.log.watch('lobby', watcher);
		const first = await one.engine.log.append('lobby', say('1'), KEPT);
		await one.engine.roster.enter('lobby', member('a'));
		await one.users.enter('ada', 'a');
		await server.send('FLUSHALL');
		await until('the member is back', async () => {
			return (await two.engine.roster.present('lobby')).length === 1;
		});
		await until('the watcher was told', () => watcher.interruptions === 1);
		assert.notEqual(
			(await one.engine.log.last('lobby', 0)).head.split('.')[0],
			first.split('.')[0],
		);
		assert.equal(await two.users.isOnline('ada'), true);
		assert.deepEqual(one.told, ['ada came']);
	});
});
