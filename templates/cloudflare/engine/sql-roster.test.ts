import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Claim, PresenceEntry } from '../../realtime/channel/ports.ts';
import { EngineStage } from './engine.fixture.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import { SqlRoster } from './sql-roster.ts';
import { Tables } from './tables.ts';

const KEY = 'rooms/lobby';

class Stage extends EngineStage {
	departed: string[] = [];
	#current: { readonly roster: SqlRoster; readonly alarm: ObjectAlarm } | undefined;

	/** The roster as a new instance of the object has it. */
	async wake(connected: readonly { secret: string; id: string }[] = []): Promise<SqlRoster> {
		const alarm = await this.alarm();
		const roster = new SqlRoster(new Tables(this.storage), this.host, alarm, KEY, 60_000);
		await roster.watch(KEY, {
			entered: () => {},
			departed: (id) => this.departed.push(id),
			interrupted: () => {},
		});
		this.#current = { roster, alarm };
		roster.restore(connected);
		return roster;
	}

	async pass(milliseconds: number): Promise<void> {
		await this.advance(milliseconds, () => {
			const current = this.#current;
			current?.alarm.rang(() => current.roster.presence.sweep());
		});
	}
}

/** Undefined for a handler that died. */
async function outcomeOf(claim: Claim): Promise<string | undefined> {
	assert.equal(claim.state, 'running');
	return claim.state === 'running' ? await claim.outcome : undefined;
}

function entry(id: string, data: unknown = {}): PresenceEntry {
	return { id, userId: 'ada', member: { id, user: { id: 'ada' }, data, since: 1 } };
}

describe('the presence in an object', () => {
	it('outlives a sleep, in the order of the last change', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		for (const id of ['one', 'two', 'one']) await roster.enter(KEY, entry(id, { of: id }));
		const woken = await stage.wake([
			{ secret: 'a', id: 'one' },
			{ secret: 'b', id: 'two' },
		]);
		await woken.enter(KEY, entry('three'));
		assert.deepEqual(
			(await woken.present()).map(({ id }) => id),
			['two', 'one', 'three'],
		);
		await stage.pass(3_600_000);
		assert.deepEqual(stage.departed, []);
	});

	it('ends after the grace, also if the object sleeps meanwhile', async () => {
		const stage = new Stage();
		await (await stage.wake()).enter(KEY, entry('one'));
		await (await stage.wake([{ secret: 'a', id: 'one' }])).depart(KEY, 'one', 5000);
		const woken = await stage.wake();
		await stage.pass(4999);
		assert.equal((await woken.present()).length, 1);
		await stage.pass(1);
		assert.deepEqual(await woken.present(), []);
		assert.deepEqual(stage.departed, ['one']);
		await stage.pass(3_600_000);
		assert.deepEqual(stage.departed, ['one']);
	});

	it('goes on for who comes back within the grace', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		await roster.enter(KEY, entry('one'));
		await roster.depart(KEY, 'one', 5000);
		await stage.pass(4000);
		await roster.enter(KEY, entry('one'));
		await stage.pass(3_600_000);
		assert.deepEqual(stage.departed, []);
	});

	it('ends at once for who leaves', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		await roster.enter(KEY, entry('one'));
		await roster.depart(KEY, 'one', 0);
		await roster.depart(KEY, 'one', 0);
		assert.deepEqual(stage.departed, ['one']);
	});

	it('ends 15 s after the connection was lost together with the object', async () => {
		const stage = new Stage();
		await (await stage.wake()).enter(KEY, entry('one'));
		const woken = await stage.wake();
		await stage.pass(14_999);
		assert.equal((await woken.present()).length, 1);
		await stage.pass(1);
		assert.deepEqual(await woken.present(), []);
	});

	it('wakes an empty object for nothing', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		await roster.openSession('ada');
		assert.equal(stage.storage.alarm, null);
		await roster.enter(KEY, entry('one'));
		await roster.depart(KEY, 'one', 0);
		await stage.pass(3_600_000);
		assert.equal(stage.storage.alarm, null);
	});
});

describe('a session in an object', () => {
	it('is resumed by its user alone, and for two minutes after its connection', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		const session = await roster.openSession('ada');
		await roster.suspendSession(session.secret);
		const woken = await stage.wake();
		assert.equal(await woken.resumeSession(session.secret, 'grace'), undefined);
		assert.equal(await woken.resumeSession(session.secret, undefined), undefined);
		await stage.pass(119_999);
		assert.deepEqual(await woken.resumeSession(session.secret, 'ada'), session);
		await woken.suspendSession(session.secret);
		await stage.pass(120_000);
		assert.equal(await woken.resumeSession(session.secret, 'ada'), undefined);
	});

	it('is resumed after its connection was lost together with the object', async () => {
		const stage = new Stage();
		const session = await (await stage.wake()).openSession(undefined);
		const woken = await stage.wake();
		assert.deepEqual(await woken.resumeSession(session.secret, undefined), session);
	});

	it('is forgotten when another one opens after its end', async () => {
		const stage = new Stage();
		const first = await (await stage.wake()).openSession('ada');
		(await stage.wake()).claim(first.secret, 1);
		const roster = await stage.wake();
		await stage.pass(120_000);
		// It finds the connection lost, and the next one finds the session at its end.
		await roster.openSession('grace');
		await stage.pass(120_000);
		await roster.openSession('grace');
		const tables = new Tables(stage.storage);
		assert.equal(tables.read('sessions', 'SELECT 1 FROM sessions WHERE user = ?', 'ada').length, 0);
		assert.equal(tables.read('claims', 'SELECT 1 FROM claims').length, 0);
	});

	it('makes room for a new one of its user, who has at most 20', async () => {
		const roster = await new Stage().wake();
		const sessions = [];
		for (let count = 0; count < 20; count++) sessions.push(await roster.openSession('ada'));
		await roster.suspendSession(String(sessions[3]?.secret));
		await roster.openSession('ada');
		const resumed = await Promise.all(
			sessions.map(({ secret }) => roster.resumeSession(secret, 'ada')),
		);
		assert.deepEqual(
			resumed.map((one) => one !== undefined),
			sessions.map((_, index) => index !== 3),
		);
	});
});

describe('a claim in an object', () => {
	it('is given once, and answered with its outcome after a sleep', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		const { secret } = await roster.openSession('ada');
		assert.deepEqual(roster.claim(secret, 1), { state: 'claimed' });
		const again = roster.claim(secret, 1);
		roster.settle(secret, 1, '{"data":1}');
		assert.equal(await outcomeOf(again), '{"data":1}');
		const woken = await stage.wake();
		assert.deepEqual(woken.claim(secret, 1), { state: 'settled', outcome: '{"data":1}' });
	});

	it('is uncertain where the object died inside the handler', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		const { secret } = await roster.openSession('ada');
		roster.claim(secret, 1);
		roster.outlastsTurn(secret, 1);
		const woken = await stage.wake();
		assert.equal(await outcomeOf(woken.claim(secret, 1)), undefined);
	});

	it('takes one row where the handler ends at once, and two where it takes a while', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		const { secret } = await roster.openSession('ada');
		const before = stage.storage.written;
		// The first one makes the table.
		for (const message of [1, 2]) {
			roster.claim(secret, message);
			roster.settle(secret, message, '{}');
		}
		assert.equal(stage.storage.written - before, 2);
		roster.claim(secret, 3);
		roster.outlastsTurn(secret, 3);
		roster.settle(secret, 3, '{"data":3}');
		assert.equal(stage.storage.written - before, 4);
		const woken = await stage.wake();
		assert.deepEqual(woken.claim(secret, 3), { state: 'settled', outcome: '{"data":3}' });
	});

	it('takes one row where the handler may run again', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		const { secret } = await roster.openSession('ada');
		roster.claim(secret, 1);
		roster.settle(secret, 1, '{}');
		const before = stage.storage.written;
		assert.deepEqual(roster.claim(secret, 2, true), { state: 'claimed' });
		const again = roster.claim(secret, 2, true);
		roster.settle(secret, 2, '{"data":2}');
		assert.equal(await outcomeOf(again), '{"data":2}');
		assert.equal(stage.storage.written - before, 1);
		roster.claim(secret, 3, true);
		roster.outlastsTurn(secret, 3);
		const woken = await stage.wake();
		assert.deepEqual(woken.claim(secret, 2, true), { state: 'settled', outcome: '{"data":2}' });
		assert.deepEqual(woken.claim(secret, 3, true), { state: 'claimed' });
	});

	it('leaves nothing of a session that ended before the handler', async () => {
		const stage = new Stage();
		const roster = await stage.wake();
		const { secret } = await roster.openSession('ada');
		roster.claim(secret, 1);
		roster.settle(secret, 1, '{}');
		roster.claim(secret, 2, true);
		await roster.suspendSession(secret);
		await stage.pass(121_000);
		await roster.openSession('bob');
		roster.settle(secret, 2, '{}');
		const tables = new Tables(stage.storage);
		assert.deepEqual(tables.read('claims', 'SELECT message FROM claims'), []);
	});

	it('is never given for a message whose outcome made room for a later one', async () => {
		const roster = await new Stage().wake();
		const { secret } = await roster.openSession('ada');
		for (let message = 1; message <= 129; message++) {
			assert.equal(roster.claim(secret, message).state, 'claimed');
			roster.settle(secret, message, '{}');
		}
		assert.equal(await outcomeOf(roster.claim(secret, 1)), undefined);
		assert.equal(roster.claim(secret, 2).state, 'settled');
	});

	it('is refused for a session that has ended', async () => {
		const roster = await new Stage().wake();
		assert.throws(() => roster.claim('unknown', 1), { code: 'UNCERTAIN' });
	});
});
