import assert from 'node:assert/strict';
import type { Claim } from '../../realtime/channel/ports.ts';
import { type EngineProcess, member, only, type Stage, until, Watcher } from './engine.fixture.ts';

/** What the roster and the users of every engine of several processes do. */
export function rosterCases({ test, processes }: Stage): void {
	const oneProcess = async (context: Parameters<Stage['processes']>[0]) =>
		only(await processes(context, 1));
	/** Two processes of one site. */
	const pair = async (
		context: Parameters<Stage['processes']>[0],
	): Promise<readonly [EngineProcess, EngineProcess]> => {
		const all = await processes(context, 2);
		return [only(all), only(all, 1)];
	};

	test('presence is told to all processes, and read by all', async (context) => {
		const [one, two] = await pair(context);
		const watcher = new Watcher();
		await two.engine.roster.watch('lobby', watcher);
		await one.engine.roster.enter('lobby', member('a', { text: 'ä' }));
		await one.engine.roster.enter('lobby', member('b'));
		await two.engine.roster.enter('lobby', member('c'));
		await one.engine.roster.enter('hall', member('d'));
		await one.engine.roster.enter('lobby', member('a', 2));
		await until('all arrived', () => watcher.changes.length === 4);
		assert.deepEqual(watcher.changes, ['a {"text":"ä"}', 'b 1', 'c 1', 'a 2']);
		// In the order of the last change.
		const present = await two.engine.roster.present('lobby');
		assert.deepEqual(
			present.map(({ id }) => id),
			['b', 'c', 'a'],
		);
		assert.deepEqual(present[2], member('a', 2));
		await one.engine.roster.depart('lobby', 'b', 0);
		await until('it left', () => watcher.changes.includes('b left'));
		assert.equal((await one.engine.roster.present('lobby')).length, 2);
		assert.equal(watcher.interruptions, 0);
	});

	test('a member leaves after a delay, unless it comes back, here or elsewhere', async (context) => {
		const [one, two] = await pair(context);
		const watcher = new Watcher();
		await two.engine.roster.watch('lobby', watcher);
		for (const id of ['stays', 'moves', 'leaves'])
			await one.engine.roster.enter('lobby', member(id));
		for (const id of ['stays', 'moves', 'leaves']) {
			await one.engine.roster.depart('lobby', id, 300);
		}
		await one.engine.roster.enter('lobby', member('stays', 2));
		await two.engine.roster.enter('lobby', member('moves', 2));
		await until('one left', () => watcher.changes.includes('leaves left'));
		await new Promise((resolve) => setTimeout(resolve, 300));
		assert.deepEqual([...watcher.present.keys()].sort(), ['moves', 'stays']);
		// Its first process no longer decides about it.
		await one.engine.roster.depart('lobby', 'moves', 0);
		await two.engine.roster.depart('lobby', 'stays', 0);
		await new Promise((resolve) => setTimeout(resolve, 100));
		assert.equal((await one.engine.roster.present('lobby')).length, 2);
	});

	test('a member that leaves while it enters is gone, unless it enters again', async (context) => {
		const one = await oneProcess(context);
		const { roster } = one.engine;
		await roster.enter('lobby', member('other'));
		const asked: Promise<void>[] = [];
		const expected = ['other'];
		for (let index = 0; index < 100; index++) {
			const [gone, back] = [`gone ${index}`, `back ${index}`];
			expected.push(back);
			asked.push(roster.enter('lobby', member(gone)), roster.enter('lobby', member(back)));
			// They are sent, and not answered.
			for (let turn = 0; turn < 5; turn++) await undefined;
			asked.push(roster.depart('lobby', gone, 0), roster.depart('lobby', back, 0));
			asked.push(roster.enter('lobby', member(back)));
		}
		await Promise.all(asked);
		const present = async (): Promise<string> =>
			(await roster.present('lobby'))
				.map(({ id }) => id)
				.sort()
				.join();
		await until('they are gone', async () => (await present()) === expected.sort().join(), 5000);
	});

	test('revocations reach all processes, whatever channels they watch', async (context) => {
		const [one, two] = await pair(context);
		const told: string[] = [];
		const end = two.engine.roster.watchRevocations((channel, user) =>
			told.push(`${channel} ${user}`),
		);
		one.engine.roster.watchRevocations((channel, user) => told.push(`own ${channel} ${user}`));
		await one.engine.roster.revoke('lobby', 'ada');
		await until('both heard', () => told.length === 2);
		assert.deepEqual(told.sort(), ['lobby ada', 'own lobby ada']);
		end();
	});

	test('a session is continued by another process, for the same user alone', async (context) => {
		const [one, two] = await pair(context);
		const ada = await one.engine.roster.openSession('ada');
		const visitor = await one.engine.roster.openSession(undefined);
		assert.match(ada.secret, /^[\w-]{22}$/);
		await one.engine.roster.suspendSession(ada.secret);
		assert.deepEqual(await two.engine.roster.resumeSession(ada.secret, 'ada'), ada);
		assert.deepEqual(await two.engine.roster.resumeSession(visitor.secret, undefined), visitor);
		for (const [secret, user] of [
			[ada.secret, 'grace'],
			[ada.secret, undefined],
			[visitor.secret, 'ada'],
			['AAAAAAAAAAAAAAAAAAAAAA', undefined],
		] as const) {
			assert.equal(await two.engine.roster.resumeSession(secret, user), undefined);
		}
	});

	test('a user has 20 sessions: the oldest without a connection ends', async (context) => {
		const { roster } = (await oneProcess(context)).engine;
		const [first, second] = [await roster.openSession('ada'), await roster.openSession('ada')];
		await roster.suspendSession(second.secret);
		for (let index = 0; index < 19; index++) await roster.openSession('ada');
		assert.notEqual(await roster.resumeSession(first.secret, 'ada'), undefined);
		assert.equal(await roster.resumeSession(second.secret, 'ada'), undefined);
	});

	test('a session whose older connection ends while it is continued goes on', async (context) => {
		const { roster } = (await oneProcess(context)).engine;
		const { secret } = await roster.openSession('ada');
		const resumed = roster.resumeSession(secret, 'ada');
		await roster.suspendSession(secret);
		assert.notEqual(await resumed, undefined);
		for (let index = 0; index < 20; index++) await roster.openSession('ada');
		// Only one without a connection makes room.
		assert.notEqual(await roster.resumeSession(secret, 'ada'), undefined);
	});

	test('a message is claimed once, by whichever process is first', async (context) => {
		const [one, two] = await pair(context);
		const { secret } = await one.engine.roster.openSession('ada');
		const resumeAndClaim = async (process: EngineProcess, message: number): Promise<Claim> => {
			await process.engine.roster.resumeSession(secret, 'ada');
			return process.engine.roster.claim(secret, message);
		};
		for (let message = 1; message <= 50; message++) {
			// The connection goes on at the other process while the message is under way.
			const [before, after] = message % 2 === 1 ? [one, two] : [two, one];
			const claims = await Promise.all([
				before.engine.roster.claim(secret, message),
				before.engine.roster.claim(secret, message),
				resumeAndClaim(after, message),
			]);
			assert.deepEqual(claims.map(({ state }) => state).sort(), ['claimed', 'running', 'running']);
		}
	});

	test('the result of a message is known everywhere, also to who waits', async (context) => {
		const [one, two] = await pair(context);
		const { secret } = await one.engine.roster.openSession(undefined);
		assert.deepEqual(await one.engine.roster.claim(secret, 1), { state: 'claimed' });
		const here = await one.engine.roster.claim(secret, 1);
		await two.engine.roster.resumeSession(secret, undefined);
		const there = await two.engine.roster.claim(secret, 1);
		await one.engine.roster.settle(secret, 1, '{"data":"ä\\n"}');
		assert.equal(await outcomeOf(here), '{"data":"ä\\n"}');
		assert.equal(await outcomeOf(there), '{"data":"ä\\n"}');
		for (const { engine } of [two, one]) {
			await engine.roster.resumeSession(secret, undefined);
			const claim = await engine.roster.claim(secret, 1);
			assert.deepEqual(claim, { state: 'settled', outcome: '{"data":"ä\\n"}' });
		}
	});

	test('the result of a message is kept if its connection ended before', async (context) => {
		const [one, two] = await pair(context);
		const { secret } = await one.engine.roster.openSession('ada');
		await one.engine.roster.claim(secret, 1);
		await one.engine.roster.suspendSession(secret);
		await two.engine.roster.resumeSession(secret, 'ada');
		await one.engine.roster.settle(secret, 1, '{}');
		await until('it is known', async () => {
			const { state } = await two.engine.roster.claim(secret, 1);
			return state === 'settled';
		});
		await assert.rejects(async () => one.engine.roster.claim(secret, 2), { code: 'UNCERTAIN' });
	});

	test('users come online and go offline once, whatever process they are at', async (context) => {
		const [one, two] = await pair(context);
		await one.users.enter('ada', 'first');
		await two.users.enter('ada', 'second');
		assert.deepEqual([one.told, two.told], [['ada came'], []]);
		await one.users.depart('ada', 'first', 100);
		await new Promise((resolve) => setTimeout(resolve, 300));
		assert.equal(await one.users.isOnline('ada'), true);
		await two.users.depart('ada', 'second', 100);
		// A connection that comes back in time changes nothing.
		await one.users.enter('ada', 'second');
		await new Promise((resolve) => setTimeout(resolve, 300));
		assert.deepEqual([one.told, two.told], [['ada came'], []]);
		await one.users.depart('ada', 'second', 0);
		await until('she went', () => one.told.length === 2);
		assert.deepEqual([one.told, two.told], [['ada came', 'ada went'], []]);
		for (const { users } of [one, two]) assert.equal(await users.isOnline('ada'), false);
	});

	test('a message to a user reaches the processes with connections, once', async (context) => {
		const all = await processes(context, 3);
		const [one, two, three] = all;
		await one?.users.enter('ada', 'a');
		await one?.users.enter('ada', 'b');
		await two?.users.enter('ada', 'c');
		await three?.users.enter('grace', 'd');
		for (const { told } of all) told.length = 0;
		await three?.users.send('ada', '{"text":"hi"}');
		await three?.users.send('nobody', '1');
		await three?.users.send('grace', undefined);
		await until('all arrived', () => all.every(({ told }) => told.length === 1));
		assert.deepEqual(
			all.map(({ told }) => told),
			[['ada: {"text":"hi"}'], ['ada: {"text":"hi"}'], ['grace: undefined']],
		);
	});
}

async function outcomeOf(claim: Claim): Promise<string | undefined> {
	return claim.state === 'claimed' ? undefined : await claim.outcome;
}
