import assert from 'node:assert/strict';
import { rosterCases } from '../../engine/roster-cases.fixture.ts';
import { Keys } from '../connection/keys.ts';
import {
	direct,
	member,
	newPrefix,
	type oneProcess,
	type Process,
	processes,
	STAGE,
	serverTest,
	until,
	Watcher,
} from '../redis.fixture.ts';

/** Two processes of one site. */
async function pair(...args: Parameters<typeof oneProcess>): Promise<readonly [Process, Process]> {
	const [one, two] = await processes(args[0], 2);
	if (one === undefined || two === undefined) throw new Error('There are no two processes.');
	return [one, two];
}

rosterCases(STAGE);

serverTest('nothing is left of an empty channel', async (context) => {
	const prefix = newPrefix();
	const [process] = await processes(context, 1, { prefix });
	await process?.engine.roster.enter('lobby', member('a'));
	await process?.engine.roster.depart('lobby', 'a', 0);
	const { present } = new Keys(prefix).channel('lobby');
	const client = await direct();
	await until('the group is gone', async () => (await client.callBuffer('EXISTS', present)) === 0);
	assert.deepEqual(await process?.engine.roster.present('lobby'), []);
	const watcher = new Watcher();
	await process?.engine.roster.watch('lobby', watcher);
	await process?.engine.roster.present('lobby');
	await process?.engine.roster.enter('lobby', member('b'));
	await until('it came', () => watcher.changes.length === 1);
	assert.equal(watcher.interruptions, 0);
});

serverTest('a lost change of presence is noticed with the next one', async (context) => {
	const prefix = newPrefix();
	const [process] = await processes(context, 1, { prefix });
	const watcher = new Watcher();
	await process?.engine.roster.watch('lobby', watcher);
	await process?.engine.roster.present('lobby');
	await process?.engine.roster.enter('lobby', member('a'));
	const client = await direct();
	// As if somebody else had changed it, and the message was lost.
	await client.callBuffer('HINCRBY', new Keys(prefix).channel('lobby').present, '#', 1);
	await process?.engine.roster.enter('lobby', member('b'));
	await until('it was noticed', () => watcher.interruptions === 1);
});

serverTest('a session ends two minutes after its connection', async (context) => {
	const prefix = newPrefix();
	const [one, two] = await processes(context, 2, { prefix });
	const keys = new Keys(prefix);
	const client = await direct();
	const session = await one?.engine.roster.openSession('ada');
	const { session: key } = keys.session(session?.secret ?? '', 'ada');
	const left = async (): Promise<number> => Number(await client.callBuffer('PTTL', key));
	assert.ok((await left()) > 10 * 60_000);
	await one?.engine.roster.suspendSession(session?.secret ?? '');
	assert.ok((await left()) <= 120_000 && (await left()) > 110_000);
	// The process of before does not end a session that another one continued.
	await one?.engine.roster.resumeSession(session?.secret ?? '', 'ada');
	await two?.engine.roster.resumeSession(session?.secret ?? '', 'ada');
	await one?.engine.roster.suspendSession(session?.secret ?? '');
	assert.ok((await left()) > 10 * 60_000);
});

serverTest(
	'the oldest claims of a session are forgotten, but not those that run',
	async (context) => {
		const [one, two] = await pair(context);
		const { secret } = await one.engine.roster.openSession(undefined);
		await one.engine.roster.claim(secret, 1);
		for (let message = 2; message <= 400; message++) {
			await one.engine.roster.claim(secret, message);
			await one.engine.roster.settle(secret, message, '{}');
		}
		await two.engine.roster.resumeSession(secret, undefined);
		assert.equal((await two.engine.roster.claim(secret, 1)).state, 'running');
		await until('the last is settled', async () => {
			const { state } = await two.engine.roster.claim(secret, 400);
			return state === 'settled';
		});
		assert.equal((await two.engine.roster.claim(secret, 300)).state, 'settled');
		assert.equal((await two.engine.roster.claim(secret, 2)).state, 'claimed');
	},
);

serverTest('a session that stays at a process with a new lease is not taken', async (context) => {
	const prefix = newPrefix();
	const [one, two] = await processes(context, 2, { prefix });
	assert.ok(one && two);
	const { living } = new Keys(prefix);
	const client = await direct();
	const leases = async (): Promise<readonly string[]> =>
		((await client.callBuffer('ZRANGE', living, 0, -1)) as readonly Buffer[]).map(String);
	const stays = await one.engine.roster.openSession('ada');
	const moves = await one.engine.roster.openSession('ada');
	const taken: string[] = [];
	one.engine.roster.watchTakeovers?.((secret) => taken.push(secret));
	const before = await leases();
	// As if the process had been stopped for longer than its lease.
	await client.callBuffer('DEL', living);
	await until('both have another lease', async () => {
		const now = await leases();
		return now.filter((id) => !before.includes(id)).length === 2;
	});
	await one.engine.roster.resumeSession(stays.secret, 'ada');
	await two.engine.roster.resumeSession(moves.secret, 'ada');
	await until('the other one was taken', () => taken.includes(moves.secret));
	assert.deepEqual(taken, [moves.secret]);
});

serverTest('a handler that outlives the lease of its process keeps its result', async (context) => {
	const prefix = newPrefix();
	const [one, two] = await processes(context, 2, { prefix });
	assert.ok(one && two);
	const { living } = new Keys(prefix);
	const client = await direct();
	const { secret } = await one.engine.roster.openSession('ada');
	assert.equal((await one.engine.roster.claim(secret, 1)).state, 'claimed');
	const before = (await client.callBuffer('ZRANGE', living, 0, -1)) as readonly Buffer[];
	await client.callBuffer('DEL', living);
	await until('both have another lease', async () => {
		const now = (await client.callBuffer('ZRANGE', living, 0, -1)) as readonly Buffer[];
		return now.filter((id) => !before.map(String).includes(String(id))).length === 2;
	});
	await one.engine.roster.settle(secret, 1, '{}');
	await two.engine.roster.resumeSession(secret, 'ada');
	await until('the result is known', async () => {
		return (await two.engine.roster.claim(secret, 1)).state === 'settled';
	});
});
