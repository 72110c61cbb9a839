import assert from 'node:assert/strict';
import { describe, it, test } from 'node:test';
import { ManualHost } from '../channel/channel.fixture.ts';
import type { PresenceEntry } from '../channel/ports.ts';
import { MemoryRoster } from './memory-roster.ts';

function stage(): { host: ManualHost; roster: MemoryRoster } {
	const host = new ManualHost();
	return { host, roster: new MemoryRoster(host) };
}

function entry(id: string, data: unknown = 1): PresenceEntry {
	return { id, userId: undefined, member: { id, data, since: 1 } };
}

describe('the sessions of a process', () => {
	it('are resumed by the same user alone', async () => {
		const { roster } = stage();
		const ada = await roster.openSession('ada');
		const visitor = await roster.openSession(undefined);
		assert.deepEqual((await roster.resumeSession(ada.secret, 'ada'))?.id, ada.id);
		assert.equal(await roster.resumeSession(ada.secret, 'grace'), undefined);
		assert.equal(await roster.resumeSession(ada.secret, undefined), undefined);
		assert.equal(await roster.resumeSession(visitor.secret, 'ada'), undefined);
		assert.equal(await roster.resumeSession('AAAAAAAAAAAAAAAAAAAAAA', undefined), undefined);
	});

	it('end two minutes after their connection', async () => {
		const { host, roster } = stage();
		const { secret } = await roster.openSession('ada');
		await host.advance(1_000_000);
		await roster.suspendSession(secret);
		await host.advance(119_000);
		assert.notEqual(await roster.resumeSession(secret, 'ada'), undefined);
		await host.advance(1_000_000);
		await roster.suspendSession(secret);
		await host.advance(120_000);
		assert.equal(await roster.resumeSession(secret, 'ada'), undefined);
	});

	it('are 20 for a user: the oldest without a connection ends', async () => {
		const { roster } = stage();
		const [first, second] = [await roster.openSession('ada'), await roster.openSession('ada')];
		await roster.suspendSession(second.secret);
		for (let index = 0; index < 19; index++) await roster.openSession('ada');
		assert.notEqual(await roster.resumeSession(first.secret, 'ada'), undefined);
		assert.equal(await roster.resumeSession(second.secret, 'ada'), undefined);
	});
});

describe('the claims of a session', () => {
	it('let a message start once, and keep its outcome', async () => {
		const { roster } = stage();
		const { secret } = await roster.openSession(undefined);
		assert.deepEqual(await roster.claim(secret, 1), { state: 'claimed' });
		const second = await roster.claim(secret, 1);
		assert.equal(second.state, 'running');
		await roster.settle(secret, 1, '{"data":2}');
		assert.equal(second.state === 'running' && (await second.outcome), '{"data":2}');
		assert.deepEqual(await roster.claim(secret, 1), { state: 'settled', outcome: '{"data":2}' });
	});

	it('last as long as the session, however long the handler took', async () => {
		const { host, roster } = stage();
		const { secret } = await roster.openSession(undefined);
		await roster.claim(secret, 1);
		await host.advance(150_000);
		assert.equal((await roster.claim(secret, 1)).state, 'running');
		await roster.settle(secret, 1, '{}');
		assert.equal((await roster.claim(secret, 1)).state, 'settled');
		// The server sees the loss of a connection later than it was lost.
		await host.advance(40_000);
		await roster.suspendSession(secret);
		await host.advance(110_000);
		await roster.resumeSession(secret, undefined);
		assert.equal((await roster.claim(secret, 1)).state, 'settled');
	});

	it('are 128 at most', async () => {
		const { roster } = stage();
		const { secret } = await roster.openSession(undefined);
		for (let id = 1; id <= 129; id++) {
			await roster.claim(secret, id);
			await roster.settle(secret, id, '{}');
		}
		assert.equal((await roster.claim(secret, 129)).state, 'settled');
		assert.equal((await roster.claim(secret, 1)).state, 'claimed');
	});

	it('of an unknown session are uncertain', () => {
		const { roster } = stage();
		assert.throws(() => roster.claim('AAAAAAAAAAAAAAAAAAAAAA', 1), { code: 'UNCERTAIN' });
	});
});

describe('the presence of a process', () => {
	it('tells its watchers, and departs after a delay unless the member enters again', async () => {
		const { host, roster } = stage();
		const seen: unknown[] = [];
		await roster.watch('lobby', {
			entered: ({ id, member }) => seen.push([id, member.data]),
			departed: (id) => seen.push(id),
			interrupted: () => {},
		});
		await roster.enter('lobby', entry('one', 1));
		await roster.enter('hall', entry('other'));
		await roster.depart('lobby', 'one', 5000);
		await host.advance(4999);
		await roster.enter('lobby', entry('one', 2));
		await host.advance(10_000);
		await roster.depart('lobby', 'one', 5000);
		await host.advance(5000);
		await roster.depart('lobby', 'one', 0);
		assert.deepEqual(seen, [['one', 1], ['one', 2], 'one']);
		assert.deepEqual(await roster.present('lobby'), []);
		assert.equal((await roster.present('hall')).length, 1);
	});

	it('is in the order of the last change', async () => {
		const { roster } = stage();
		for (const id of ['one', 'two', 'one']) await roster.enter('lobby', entry(id));
		assert.deepEqual(
			(await roster.present('lobby')).map(({ id }) => id),
			['two', 'one'],
		);
	});
});

test('revocations of every channel are told to the process, until it stops listening', async () => {
	const { roster } = stage();
	const seen: unknown[] = [];
	const unwatch = roster.watchRevocations((channel, userId) => seen.push([channel, userId]));
	await roster.revoke('lobby', 'ada');
	unwatch();
	await roster.revoke('hall', 'grace');
	assert.deepEqual(seen, [['lobby', 'ada']]);
});
