import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { NewEntry, Retention } from '../../realtime/channel/ports.ts';
import { readPosition } from '../../realtime/channel/position.ts';
import { RealtimeError } from '../../realtime/protocol/errors.ts';
import {
	type EngineProcess,
	member,
	newPrefix,
	only,
	type Stage,
	until,
	Watcher,
} from './engine.fixture.ts';
import type { OwnServer } from './own-server.fixture.ts';
import { TcpProxy } from './tcp-proxy.fixture.ts';

export const KEPT: Retention = { size: 100, ttl: 300 };

export const say = (data: string): NewEntry => ({
	name: 'said',
	data: JSON.stringify(data),
	at: 1,
});

export const isUp = ({ engine }: EngineProcess): boolean => engine.status.state === 'up';

/** Resolves when all are up again after an end of the server at a time. */
async function upSince(all: readonly EngineProcess[], time: number): Promise<void> {
	const isAgain = (one: EngineProcess) => isUp(one) && one.engine.status.since >= time;
	await until('all are up again', () => all.every(isAgain));
}

export interface OutageStage<Server extends OwnServer = OwnServer> {
	/** A test that starts servers. */
	readonly test: Stage['test'];
	/** Starts a server that ends with the test. */
	readonly server: (context: TestContext) => Promise<Server>;
	/** Makes a process with the address of its server, as host and port. */
	readonly process: (prefix: string, address: string) => EngineProcess;
	/** The request that adds or removes a connection of a user. */
	readonly userRequest: RegExp;
	/** The first request over a connection that was checked. */
	readonly firstRequest: RegExp;
}

/** A server, and processes that each have a way of their own to it. */
export interface Outage<Server extends OwnServer> {
	readonly server: Server;
	readonly ways: readonly TcpProxy[];
	readonly all: readonly EngineProcess[];
}

/** Starts a server with processes. They end with the test. */
export async function startOutage<Server extends OwnServer>(
	stage: OutageStage<Server>,
	context: TestContext,
	count: number,
): Promise<Outage<Server>> {
	const server = await stage.server(context);
	const prefix = newPrefix();
	const ways: TcpProxy[] = [];
	const all: EngineProcess[] = [];
	for (let index = 0; index < count; index++) {
		const way = await TcpProxy.start(context, server.port);
		const process = stage.process(prefix, way.address);
		context.after(() => process.engine.close());
		await process.engine.start();
		ways.push(way);
		all.push(process);
	}
	return { server, ways, all };
}

/** What every engine of several processes does when the link or the server fails. */
export function outageCases(outage: OutageStage): void {
	const { test } = outage;
	const stage = (context: TestContext, count: number): Promise<Outage<OwnServer>> =>
		startOutage(outage, context, count);

	test('a link that was cut comes back, and what was published meanwhile is told', async (context) => {
		const { ways, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const [watched, quiet] = [new Watcher(), new Watcher()];
		await one.engine.log.watch('lobby', watched);
		await one.engine.log.last('lobby', 0);
		await one.engine.log.watch('quiet', quiet);
		await one.engine.log.last('quiet', 0);
		const revoked: string[] = [];
		one.engine.roster.watchRevocations((channel, user) => revoked.push(`${channel} ${user}`));
		only(ways).close();
		await until('it is down', () => !isUp(one));
		assert.equal(one.engine.status.lag, null);
		await assert.rejects(one.engine.log.append('lobby', say('lost'), KEPT), {
			code: 'SERVICE_UNAVAILABLE',
			retryAfter: 1000,
		});
		await two.engine.log.append('lobby', say('missed'), KEPT);
		await two.engine.roster.revoke('lobby', 'ada');
		only(ways).open();
		await until('it is up', () => isUp(one));
		// Each of its links that comes back may tell it.
		await until('the watcher was told', () => watched.interruptions > 0);
		await until('the revocation was read', () => revoked.length === 1);
		assert.deepEqual(revoked, ['lobby ada']);
		await two.engine.log.append('lobby', say('heard'), KEPT);
		await until('it arrived', () => watched.entries.length === 1);
		// Nothing happened there.
		assert.equal(quiet.interruptions, 0);
		// Told once when it went, and once when it came back.
		assert.equal(one.host.reports.length, 1);
		assert.match(only(one.host.reports), /does not work[\s\S]*cannot be reached/);
		assert.equal(one.logs.length, 1);
		assert.match(only(one.logs), /works again/);
	});

	test('presence is read after a cut, also if changes arrive as soon as the link is back', async (context) => {
		const { ways, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.roster.watch('lobby', watcher);
		await two.engine.roster.enter('lobby', member('gone'));
		await until('it arrived', () => watcher.present.has('gone'));
		await one.engine.roster.present('lobby');
		only(ways).close();
		await until('it is down', () => !isUp(one));
		await two.engine.roster.depart('lobby', 'gone', 0);
		only(ways).open();
		for (let count = 0; !isUp(one); count++) {
			await two.engine.roster.enter('lobby', member('busy', count));
		}
		await until('the watcher was told', () => watcher.interruptions > 0);
	});

	test('a link that swallows everything fails sends within six seconds', async (context) => {
		const { ways, all } = await stage(context, 1);
		const one = only(all);
		only(ways).swallow();
		const start = performance.now();
		const sends = [
			one.engine.log.append('lobby', say('?'), KEPT),
			one.engine.log.last('lobby', 1),
			one.engine.log.watch('lobby', new Watcher()),
			one.engine.roster.openSession('ada'),
		];
		const results = await Promise.allSettled(sends);
		assert.ok(performance.now() - start < 6500);
		for (const result of results) {
			assert.ok(result.status === 'rejected' && result.reason instanceof RealtimeError);
			assert.equal(result.reason.code, 'TIMEOUT');
		}
		assert.equal(isUp(one), false);
		only(ways).open();
		await until('it is up', () => isUp(one));
		await one.engine.log.append('lobby', say('!'), KEPT);
	});

	test('a server that restarts with its data loses nothing', async (context) => {
		const { server, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.log.watch('lobby', watcher);
		await one.engine.roster.watch('lobby', watcher);
		await one.engine.roster.present('lobby');
		const first = await one.engine.log.append('lobby', say('1'), KEPT);
		await one.engine.roster.enter('lobby', member('a'));
		await two.engine.roster.enter('lobby', member('b'));
		await one.users.enter('ada', 'a');
		await two.users.enter('ada', 'b');
		const session = await one.engine.roster.openSession('ada');
		await server.save();
		const ended = Date.now();
		await server.kill();
		await server.start();
		await upSince(all, ended);
		const second = await two.engine.log.append('lobby', say('2'), KEPT);
		const { entries } = await one.engine.log.after('lobby', first, 10);
		assert.deepEqual(
			entries.map(({ position, previous }) => [position, previous]),
			[[second, first]],
		);
		await until('the watcher has both', () => watcher.entries.length === 2);
		// Claims of the last moment may be lost: the session is not resumed.
		assert.equal(await two.engine.roster.resumeSession(session.secret, 'ada'), undefined);
		await until('presence was read again', () => watcher.interruptions > 0);
		assert.deepEqual((await one.engine.roster.present('lobby')).map(({ id }) => id).sort(), [
			'a',
			'b',
		]);
		assert.ok(!watcher.changes.some((change) => change.endsWith('left')), String(watcher.changes));
		assert.deepEqual([one.told, two.told], [['ada came'], []]);
	});

	test('a server that restarts empty gets members again, and positions of a new life', async (context) => {
		const { server, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.log.watch('lobby', watcher);
		await one.engine.roster.watch('lobby', watcher);
		await one.engine.roster.present('lobby');
		const first = await one.engine.log.append('lobby', say('1'), KEPT);
		const root = (await one.engine.log.last('empty', 0)).head;
		await one.engine.roster.enter('lobby', member('a'));
		await two.engine.roster.enter('lobby', member('b'));
		await two.engine.roster.enter('lobby', member('c'));
		await two.engine.roster.depart('lobby', 'c', 60_000);
		await one.users.enter('ada', 'a');
		await two.users.enter('ada', 'b');
		const ended = Date.now();
		await server.kill();
		await server.empty();
		await server.start();
		await upSince(all, ended);
		await until('the members are back', async () => {
			return (await one.engine.roster.present('lobby')).length === 3;
		});
		await until('the watcher was told of the log', () => watcher.interruptions > 0);
		const { entries, head } = await two.engine.log.after('lobby', first, 10);
		assert.deepEqual(entries, []);
		assert.notEqual(head.split('.')[0], first.split('.')[0]);
		assert.notEqual((await one.engine.log.last('empty', 0)).head, root);
		assert.ok(!watcher.changes.some((change) => change.endsWith('left')), String(watcher.changes));
		await one.users.depart('ada', 'a', 0);
		await two.users.depart('ada', 'b', 0);
		await until('she went', () => one.told.length + two.told.length === 2);
		assert.deepEqual([...one.told, ...two.told].sort(), ['ada came', 'ada went']);
	});

	test('a member that moved stays where it is if its first process enters its members again', async (context) => {
		const { server, ways, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		await one.engine.roster.enter('lobby', member('moves', 1));
		await one.engine.roster.enter('lobby', member('stays'));
		await one.engine.roster.depart('lobby', 'moves', 60_000);
		await two.engine.roster.enter('lobby', member('moves', 2));
		await one.users.enter('ada', 'moves');
		await one.users.enter('ada', 'stays');
		await one.users.depart('ada', 'moves', 60_000);
		await two.users.enter('ada', 'moves');
		only(ways).close();
		await server.kill();
		await server.empty();
		await server.start();
		await until('the second is up', () => isUp(two));
		const present = async (): Promise<readonly (readonly [string, unknown])[]> =>
			(await two.engine.roster.present('lobby')).map(({ id, member: { data } }) => [id, data]);
		await until('its member is back', async () => (await present()).length === 1);
		only(ways).open();
		await until('all are back', async () => (await present()).length === 2);
		assert.deepEqual(Object.fromEntries(await present()), { moves: 2, stays: 1 });
		// Its first process does not remove it.
		await one.users.depart('ada', 'moves', 0);
		await one.users.depart('ada', 'stays', 0);
		await one.engine.roster.depart('lobby', 'moves', 0);
		await one.engine.roster.depart('lobby', 'stays', 0);
		await until('one left', async () => (await present()).length === 1);
		assert.deepEqual(await present(), [['moves', 2]]);
		assert.equal(await one.users.isOnline('ada'), true);
		assert.deepEqual([one.told, two.told], [['ada came'], []]);
	});

	test('a server that went back to an older copy is noticed by those who are ahead', async (context) => {
		const { server, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		const watcher = new Watcher();
		await one.engine.log.watch('lobby', watcher);
		await one.engine.roster.watch('lobby', watcher);
		await one.engine.roster.present('lobby');
		const kept = await one.engine.log.append('lobby', say('kept'), KEPT);
		const session = await one.engine.roster.openSession('ada');
		const copied = Date.now();
		if (await server.keepCopy()) await upSince(all, copied);
		const lost = [await one.engine.log.append('lobby', say('lost 1'), KEPT)];
		lost.push(await one.engine.log.append('lobby', say('lost 2'), KEPT));
		assert.equal((await one.engine.roster.claim(session.secret, 1)).state, 'claimed');
		await two.engine.roster.enter('lobby', member('b'));
		const ended = Date.now();
		await server.kill();
		await server.useCopy();
		await server.start();
		await upSince(all, ended);
		await until('the watcher was told', () => watcher.interruptions > 0);
		const again = await two.engine.log.append('lobby', say('again 1'), KEPT);
		const page = await one.engine.log.after('lobby', kept, 10);
		assert.deepEqual(
			page.entries.map(({ position, previous }) => [position, previous]),
			[[again, kept]],
		);
		// The same epoch and number, but another message.
		assert.deepEqual(readPosition(again), readPosition(only(lost)));
		assert.notEqual(again, only(lost));
		// The claim is lost: the message must not run again in silence.
		assert.equal(await two.engine.roster.resumeSession(session.secret, 'ada'), undefined);
		await until('the member is back', async () => {
			return (await one.engine.roster.present('lobby')).some(({ id }) => id === 'b');
		});
		assert.ok(!watcher.changes.includes('b left'));
	});

	test('members that a server lost are entered again, also if the first link to it fails', async (context) => {
		const { server, ways, all } = await stage(context, 2);
		const [one, two, way] = [only(all), only(all, 1), only(ways)];
		const copied = Date.now();
		if (await server.keepCopy()) await upSince(all, copied);
		await one.engine.roster.enter('lobby', member('a'));
		await one.users.enter('ada', 'a');
		const ended = Date.now();
		await server.kill();
		await server.useCopy();
		way.loseAnswerTo(outage.firstRequest);
		await server.start();
		await until('the link fails', () => way.hasLostAnswer);
		way.open();
		way.cut();
		await upSince(all, ended);
		await until('the member is back', async () => {
			return (await two.engine.roster.present('lobby')).length === 1;
		});
		await until('the user is back', () => two.users.isOnline('ada'));
		assert.deepEqual([one.told, two.told], [['ada came'], []]);
	});

	/** Two processes, and users whose requests of the first one are done, but not answered. */
	const unanswered = async (
		context: TestContext,
	): Promise<{
		readonly one: EngineProcess;
		readonly two: EngineProcess;
		readonly lose: () => void;
		readonly cut: () => void;
		readonly restore: () => Promise<void>;
		readonly restoreAndLose: () => void;
		readonly isOnline: (isOnline: boolean) => Promise<void>;
	}> => {
		const { ways, all } = await stage(context, 2);
		const [one, two, way] = [only(all), only(all, 1), only(ways)];
		// A server learns its scripts.
		await one.users.enter('grace', 'first');
		await one.users.depart('grace', 'first', 0);
		await until('grace went', () => one.told.length === 2);
		one.told.length = 0;
		return {
			one,
			two,
			lose: () => way.loseAnswerTo(outage.userRequest),
			cut: () => way.close(),
			restore: async () => {
				way.open();
				await until('it is up', () => isUp(one));
			},
			restoreAndLose: () => {
				way.open();
				way.loseAnswerTo(outage.userRequest);
			},
			isOnline: (isOnline) =>
				until('the server has it', async () => (await two.users.isOnline('ada')) === isOnline),
		};
	};

	test('a user whose coming was done but not answered is told as online once', async (context) => {
		const { one, two, lose, cut, restore, isOnline } = await unanswered(context);
		lose();
		const entered = one.users.enter('ada', 'a');
		await isOnline(true);
		await two.users.enter('ada', 'b');
		cut();
		await assert.rejects(entered, { code: 'TIMEOUT' });
		await restore();
		await until('it was told', () => one.told.length > 0);
		await one.users.depart('ada', 'a', 0);
		await two.users.depart('ada', 'b', 0);
		await isOnline(false);
		await until('she went', () => one.told.length + two.told.length > 1);
		assert.deepEqual(
			[one.told[0], [...one.told, ...two.told]],
			['ada came', ['ada came', 'ada went']],
		);
	});

	test('a user whose going was done but not answered is told as offline once', async (context) => {
		const { one, two, lose, cut, restore, isOnline } = await unanswered(context);
		await one.users.enter('ada', 'a');
		lose();
		await one.users.depart('ada', 'a', 0);
		await isOnline(false);
		cut();
		await restore();
		await until('it was told', () => one.told.length > 1);
		assert.deepEqual([one.told, two.told], [['ada came', 'ada went'], []]);
	});

	test('a user who goes before the coming is answered is told as both', async (context) => {
		const { one, lose, cut, restore, restoreAndLose, isOnline } = await unanswered(context);
		lose();
		const entered = one.users.enter('ada', 'a');
		await isOnline(true);
		cut();
		await assert.rejects(entered, { code: 'TIMEOUT' });
		await one.users.depart('ada', 'a', 0);
		// The next answer is lost, too.
		restoreAndLose();
		await isOnline(false);
		cut();
		await restore();
		await until('both were told', () => one.told.length > 1);
		assert.deepEqual(one.told, ['ada came', 'ada went']);
	});

	test('a user who comes back before the going is answered is told as both', async (context) => {
		const { one, lose, cut, restore, isOnline } = await unanswered(context);
		await one.users.enter('ada', 'a');
		lose();
		await one.users.depart('ada', 'a', 0);
		await isOnline(false);
		cut();
		await assert.rejects(one.users.enter('ada', 'a'), { code: 'SERVICE_UNAVAILABLE' });
		await restore();
		await until('both were told', () => one.told.length > 2);
		assert.deepEqual(one.told, ['ada came', 'ada went', 'ada came']);
		assert.equal(await one.users.isOnline('ada'), true);
	});

	test('a user who goes while the server is away is told as offline, also if its data is lost', async (context) => {
		const { server, all } = await stage(context, 2);
		const [one, two] = [only(all), only(all, 1)];
		for (const id of ['ada', 'grace']) await one.users.enter(id, 'a');
		await two.users.enter('grace', 'b');
		const ended = Date.now();
		await server.kill();
		for (const id of ['ada', 'grace']) await one.users.depart(id, 'a', 0);
		await server.empty();
		await server.start();
		await upSince(all, ended);
		await until('she went', () => one.told.includes('ada went'));
		assert.equal(await one.users.isOnline('grace'), true);
		assert.deepEqual([one.told, two.told], [['ada came', 'grace came', 'ada went'], []]);
	});
}
