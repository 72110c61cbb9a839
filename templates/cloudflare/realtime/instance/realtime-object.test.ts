import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it, mock } from 'node:test';
import { settled } from '../../../realtime/channel/channel.fixture.ts';
import type { ChannelHandle } from '../../../realtime/define/api/channel-handle.ts';
import { defineChannel } from '../../../realtime/define/api/define-channel.ts';
import { createChannels } from '../../../realtime/define/handles.ts';
import { byteLength } from '../../../realtime/protocol/byte-length.ts';
import type { Files } from '../../../realtime/server/server.fixture.ts';
import { type FakeObject, type FakeObjectSocket, World } from './object.fixture.ts';

const anything = {
	'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
};

interface Context {
	readonly channel: ChannelHandle;
	readonly connection: { data: unknown };
}

function room(options: object = {}): Files[string] {
	return {
		default: defineChannel({
			authorize: 'anyone',
			messages: {
				say: {
					input: anything,
					handler: async (data: unknown, { channel }: Context) => {
						await channel.publish('said', data);
						return data;
					},
				},
				remember: {
					input: anything,
					handler: (data: unknown, { connection }: Context) => {
						const before = connection.data;
						connection.data = data;
						return before ?? null;
					},
				},
			},
			events: { said: anything },
			history: { size: 100, ttl: 300 },
			presence: { schema: anything, of: 'user' },
			...options,
		} as never),
	};
}

const LOBBY = 'channel:rooms%2F%5Broom%5D/lobby';
const HALL = 'channel:rooms%2F%5Broom%5D/hall';
const JOIN = ['join', 1, 'rooms', { room: 'lobby' }, { presence: {} }] as const;
const ADA = { id: 'ada' };

async function joined(object: FakeObject, user = ADA): Promise<FakeObjectSocket> {
	const socket = await object.accept({ user });
	await object.message(socket, ['hello', {}], JOIN);
	return socket;
}

/** The code that the object closed a connection with. */
function codeOf({ closed }: FakeObjectSocket): number | undefined {
	return closed?.code;
}

/** Moves the clock in steps, and rings the alarms of objects. */
async function pass(milliseconds: number, ...objects: readonly FakeObject[]): Promise<void> {
	for (let left = milliseconds; left > 0; left -= 1000) {
		mock.timers.tick(Math.min(1000, left));
		await settled();
		for (const object of objects) await object.ring();
	}
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 1_800_000_000_000 }));
afterEach(() => mock.timers.reset());

describe('an object of a channel', () => {
	it('restores its members after a sleep: messages, presence, connection.data', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		const ada = await joined(lobby);
		const bob = await joined(lobby, { id: 'bob' });
		await lobby.message(ada, ['send', 1, 1, 'remember', 'it']);
		await pass(1000, lobby);
		lobby.sleep();
		await lobby.message(ada, ['send', 1, 2, 'remember', 0], ['send', 1, 3, 'say', 'hi']);
		assert.deepEqual(ada.of('reply').slice(1), [
			[1, 2, 'it'],
			[1, 3, 'hi'],
		]);
		assert.deepEqual(
			bob.of('event').map((parts) => parts.at(-1)),
			['hi'],
		);
		lobby.sleep();
		await (await lobby.instance).publish([
			{ name: 'said', data: '"by the site"', isEphemeral: false },
		]);
		assert.equal(bob.of('event').length, 2);
		const members = await (await lobby.instance).members();
		assert.deepEqual(members.map(({ id }) => id).sort(), ['ada', 'bob']);
		assert.equal(ada.of('changes').length, 1);
	});

	it('keeps the largest user and data in an attachment, whatever the channel is called', async () => {
		const name = '漢'.repeat(256);
		const lobby = new World({ 'rooms/[room]': room() }).object(
			`channel:rooms%2F%5Broom%5D/${name}`,
		);
		const bytes = (size: number): string => '🦜'.padEnd(size - 2).replace(/ {2}/g, 'é');
		const user = { id: 'ada', text: bytes(4096 - byteLength('{"id":"ada","text":""}')) };
		assert.equal(byteLength(JSON.stringify(user)), 4096);
		const data = bytes(8192 - '""'.length);
		const [ada, plain] = [
			await lobby.accept({ user }),
			await lobby.accept({ user, kind: 'plain' }),
		];
		const join = ['join', 1, 'rooms', { room: name }, { presence: {} }];
		await lobby.message(ada, ['hello', {}], join, ['send', 1, 1, 'remember', data]);
		await lobby.message(plain, { type: 'remember', data, id: 1 });
		lobby.sleep();
		await lobby.message(ada, ['send', 1, 2, 'remember', 0]);
		await lobby.message(plain, { type: 'remember', data: 0, id: 2 });
		assert.deepEqual(ada.of('reply')[1], [1, 2, data]);
		assert.deepEqual(plain.frames[1], { reply: 2, data });
	});

	it('goes on with the session of a client whose connection died with the object', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		const ada = await joined(lobby);
		await lobby.message(ada, ['send', 1, 1, 'say', 'once']);
		const session = Reflect.get(Object(ada.of('welcome')[0]?.[0]), 'session');
		const position = ada.of('event')[0]?.[1];
		lobby.evict();
		const back = await lobby.accept({ user: ADA });
		const options = { since: position, presence: {} };
		await lobby.message(back, ['hello', { session }], [...JOIN.slice(0, 4), options]);
		await lobby.message(back, ['send', 1, 1, 'say', 'once'], ['send', 1, 2, 'say', 'twice']);
		assert.equal(Reflect.get(Object(back.of('welcome')[0]?.[0]), 'isResumed'), true);
		assert.deepEqual(
			back.of('event').map((parts) => parts.at(-1)),
			['twice'],
		);
		assert.deepEqual(back.of('reply')[0], [1, 1, 'once']);
		assert.equal(back.of('gap').length, 0);
	});

	it('gives the members of lost connections 15 s', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		await joined(lobby);
		lobby.evict();
		const bob = await joined(lobby, { id: 'bob' });
		await pass(14_000, lobby);
		assert.equal((await (await lobby.instance).members()).length, 2);
		await pass(2000, lobby);
		assert.equal((await (await lobby.instance).members()).length, 1);
		assert.deepEqual(bob.of('changes').at(-1)?.[1], { joined: [], changed: [], left: ['ada'] });
	});

	it('refuses the join of another channel, and asks the site about a second join', async () => {
		let isAllowed = true;
		const world = new World({ 'rooms/[room]': room({ authorize: () => isAllowed }) });
		const lobby = world.object(LOBBY);
		const ada = await joined(lobby);
		await lobby.message(ada, ['join', 2, 'rooms', { room: 'hall' }]);
		assert.equal(ada.of('refused').length, 1);
		lobby.sleep();
		isAllowed = false;
		await lobby.message(ada, ['leave', 1], ['join', 3, 'rooms', { room: 'lobby' }]);
		assert.deepEqual(
			ada.of('refused').map(([ref]) => ref),
			[2, 3],
		);
	});

	it('takes one join of a connection at a time, so that what restores it fits', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		const ada = await joined(lobby);
		const data = 'x'.repeat(8000);
		for (const ref of [1, 2, 3]) {
			if (ref > 1) await lobby.message(ada, ['join', ref, 'rooms', { room: 'lobby' }]);
			await lobby.message(ada, ['send', ref, ref, 'remember', data]);
		}
		assert.deepEqual(
			ada.of('refused').map(([ref]) => ref),
			[2, 3],
		);
		await (await lobby.instance).publish([
			{ name: 'said', data: JSON.stringify('x'.repeat(200_000)), isEphemeral: false },
		]);
		await (await lobby.instance).disconnect('ada');
		await lobby.message(ada, ['join', 4, 'rooms', { room: 'lobby' }]);
		await lobby.message(ada, ['leave', 4], ['join', 5, 'rooms', { room: 'lobby' }]);
		assert.deepEqual(
			ada.of('joined').map(([ref]) => ref),
			[1, 4, 5],
		);
	});

	it('reads no more than a page of the past at once, however much a client asks for', async () => {
		const lobby = new World({ 'rooms/[room]': room({ history: { size: 1000, ttl: 300 } }) }).object(
			LOBBY,
		);
		const instance = await lobby.instance;
		for (let number = 1; number <= 350; number++) {
			await instance.publish([{ name: 'said', data: String(number), isEphemeral: false }]);
		}
		const { storage } = lobby;
		const { exec } = storage.sql;
		let most = 0;
		Object.assign(storage.sql, {
			exec: (...given: Parameters<typeof exec>) => {
				const cursor = exec(...given);
				most = Math.max(most, cursor.toArray().length);
				return cursor;
			},
		});
		const ada = await lobby.accept({ user: ADA });
		await lobby.message(ada, ['hello', {}], [...JOIN.slice(0, 4), { last: 320 }]);
		await settled();
		assert.deepEqual(
			ada.of('event').map((parts) => parts.at(-1)),
			Array.from({ length: 320 }, (_, index) => index + 31),
		);
		assert.equal(ada.of('gap').length, 0);
		assert.ok(most <= 100, `${most} rows`);
	});

	it('does not believe the Worker about a user whom the site has disconnected since', async () => {
		const world = new World({ 'rooms/[room]': room({ authorize: () => false }) });
		const lobby = world.object(LOBBY);
		const early = await lobby.accept({ user: ADA });
		await (await lobby.instance).disconnect('ada');
		const late = await lobby.accept({ user: ADA });
		const plain = await lobby.accept({ user: ADA, kind: 'plain' });
		for (const socket of [early, late]) await lobby.message(socket, ['hello', {}], JOIN);
		assert.deepEqual([early.of('joined').length, late.of('joined').length], [0, 0]);
		assert.equal(plain.closed?.code, 4403);
		const other = await joined(lobby, { id: 'bob' });
		assert.equal(other.of('joined').length, 1);
	});

	it('remembers a user who was disconnected twice from the second time on', async () => {
		const world = new World({ 'rooms/[room]': room({ authorize: () => false }) });
		const lobby = world.object(LOBBY);
		await (await lobby.instance).disconnect('ada');
		await pass(40_000, lobby);
		await (await lobby.instance).disconnect('ada');
		await pass(40_000, lobby);
		const late = await lobby.accept({ user: ADA, kind: 'plain' });
		assert.equal(late.closed?.code, 4403);
		await pass(30_000, lobby);
		assert.equal((await lobby.accept({ user: ADA, kind: 'plain' })).closed, undefined);
	});

	it('lets plain clients go on after a sleep', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		const plain = await lobby.accept({ kind: 'plain' });
		const say = (data: string): object => ({ type: 'say', data, id: data });
		await lobby.message(plain, say('one'));
		lobby.sleep();
		await lobby.message(plain, say('two'));
		assert.deepEqual(plain.frames, [
			{ type: 'said', data: 'one' },
			{ reply: 'one', data: 'one' },
			{ type: 'said', data: 'two' },
			{ reply: 'two', data: 'two' },
		]);
	});

	it('ends the joins of a file that a deploy removed', async () => {
		const world = new World({ 'rooms/[room]': room() });
		const lobby = world.object(LOBBY);
		const [ada, plain] = [await joined(lobby), await lobby.accept({ kind: 'plain' })];
		world.files = { other: room() };
		lobby.sleep();
		await lobby.instance;
		assert.equal(Reflect.get(Object(ada.of('left')[0]?.[1]), 'code'), 'NOT_FOUND');
		assert.equal(codeOf(plain), 4403);
		await assert.rejects((await lobby.instance).members(), { code: 'NOT_FOUND' });
	});

	it('closes a connection when its user expires, also if it slept since', async () => {
		const lobby = new World({ 'rooms/[room]': room({ presence: undefined }) }).object(LOBBY);
		const user = { id: 'ada', expires: Date.now() + 3_600_000 };
		const ada = await joined(lobby, user);
		lobby.sleep();
		await lobby.instance;
		lobby.sleep();
		await pass(3_599_000, lobby);
		assert.equal(codeOf(ada), undefined);
		await pass(2000, lobby);
		assert.equal(codeOf(ada), 4401);
	});

	it('takes nothing from a client whose user has expired before its alarm rings', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		const expired = { ...ADA, expires: Date.now() - 1 };
		const late = await joined(lobby, expired);
		assert.equal(codeOf(late), 4401);
		assert.deepEqual(late.sent, []);
		const user = { ...ADA, expires: Date.now() + 60_000 };
		const ada = await joined(lobby, user);
		lobby.sleep();
		await pass(60_000);
		await lobby.message(ada, ['send', 1, 1, 'say', 'late']);
		assert.equal(codeOf(ada), 4401);
		assert.deepEqual(ada.of('reply'), []);
	});

	for (const kind of ['protocol', 'plain'] as const) {
		it(`closes a connection with more messages than \`maxMessagesPerSecond\`: ${kind}`, async () => {
			const world = new World({ 'rooms/[room]': room() });
			world.maxMessagesPerSecond = 5;
			const lobby = world.object(LOBBY);
			const ada = await lobby.accept({ kind, user: ADA });
			const bob = await lobby.accept({ kind, user: { id: 'bob' } });
			const first = kind === 'plain' ? '{"type":"say","data":1}' : ['hello', {}];
			const other = kind === 'plain' ? first : ['leave', 1];
			await lobby.message(ada, first, other, other, other, other);
			assert.equal(codeOf(ada), undefined);
			const close = mock.method(ada, 'close');
			await lobby.message(ada, other, other);
			assert.equal(codeOf(ada), 1008);
			assert.equal(close.mock.callCount(), 1);
			await lobby.message(bob, first);
			mock.timers.tick(1000);
			await lobby.message(bob, other, other, other, other, other);
			assert.equal(codeOf(bob), undefined);
			assert.equal((await (await lobby.instance).stats()).connections, 1);
		});
	}

	it('calls the objects of other channels, and not itself', async () => {
		const channels = createChannels(() => {
			const site = world.current.getStore()?.site;
			if (site === undefined) throw new Error('no object runs');
			return site;
		});
		const tell = {
			input: anything,
			handler: async (room: string) => {
				await channels.rooms?.({ room }).publish('said', room);
			},
		};
		const world = new World({ 'rooms/[room]': room({ messages: { tell } }) });
		const lobby = world.object(LOBBY);
		const ada = await joined(lobby);
		await lobby.message(ada, ['send', 1, 1, 'tell', 'lobby'], ['send', 1, 2, 'tell', 'hall']);
		await settled();
		assert.deepEqual(world.called, [`${HALL} publish`]);
		assert.deepEqual(
			ada.of('event').map((parts) => parts.at(-1)),
			['lobby'],
		);
		const { entries } = await (await world.object(HALL).instance).history({ last: 10 });
		assert.deepEqual(
			entries.map(({ data }) => data),
			['"hall"'],
		);
	});
});

describe('the rows that an object writes', () => {
	/** Rows and alarms for each step, in a channel that has had one of each before. */
	async function rowsOf(options: object): Promise<Record<string, number>> {
		const lobby = new World({ 'rooms/[room]': room(options) }).object(LOBBY);
		const before = await joined(lobby, { id: 'bob' });
		await lobby.message(before, ['send', 1, 1, 'say', 'hi']);
		const { storage } = lobby;
		const rows: Record<string, number> = {};
		let last = storage.written;
		const note = (step: string): void => {
			rows[step] = storage.written - last;
			last = storage.written;
		};
		const ada = await joined(lobby);
		note('join');
		await lobby.message(ada, ['presence', 1, { typing: true }]);
		note('presence');
		await lobby.message(ada, ['send', 1, 1, 'say', 'hi']);
		note('message');
		await (await lobby.instance).publish([{ name: 'said', data: '1', isEphemeral: false }]);
		note('publish');
		await lobby.close(ada, 1000);
		await pass(6000, lobby);
		note('close');
		return rows;
	}

	it('are few, and those of `docs/realtime.md`', async () => {
		const expected = { join: 2, presence: 1, message: 2, publish: 1, close: 5 };
		assert.deepEqual(await rowsOf({}), expected);
		const without = await rowsOf({ presence: undefined });
		assert.deepEqual(without, { ...expected, join: 1, presence: 0, close: 1 });
	});
});

describe('the check for lost connections', () => {
	it('asks who was not heard, and ends who does not answer', async () => {
		const lobby = new World({ 'rooms/[room]': room() }).object(LOBBY);
		const [silent, busy, pinging] = [
			await joined(lobby),
			await joined(lobby, { id: 'bob' }),
			await joined(lobby, { id: 'pam' }),
		];
		for (let second = 0; second < 80; second++) {
			await pass(1000, lobby);
			pinging.pingedAt = Date.now();
			const asked = busy.of('credit').at(-1);
			if (asked !== undefined) await lobby.message(busy, ['credit', ...asked]);
		}
		assert.equal(silent.closed?.code, 4013);
		assert.deepEqual([busy.closed, pinging.closed], [undefined, undefined]);
		assert.equal(pinging.of('credit').length, 0);
		await pass(16_000, lobby);
		const members = await (await lobby.instance).members();
		assert.deepEqual(members.map(({ id }) => id).sort(), ['bob', 'pam']);
	});

	it('comes as often as the site says, or never', async () => {
		const world = new World({ 'rooms/[room]': room() });
		world.presenceCheck = 600_000;
		const lobby = world.object(LOBBY);
		await joined(lobby);
		assert.equal(lobby.storage.alarm, Date.now() + 600_000);
		world.presenceCheck = 0;
		const hall = world.object(HALL);
		const ada = await joined(hall);
		assert.equal(hall.storage.alarm, null);
		// Whoever closes the page leaves all the same.
		await hall.close(ada, 1000);
		await pass(6000, hall);
		assert.deepEqual(await (await hall.instance).members(), []);
	});

	it('does not wake a channel without presence', async () => {
		const lobby = new World({ 'rooms/[room]': room({ presence: undefined }) }).object(LOBBY);
		await joined(lobby);
		assert.equal(lobby.storage.alarm, null);
	});
});

describe('the object of a user', () => {
	it('is online from the first connection on, and sends to all of them after a sleep', async () => {
		const told: string[] = [];
		const world = new World({
			'rooms/[room]': room(),
			_middleware: {
				onOnline: (id: string) => told.push(`${id} came`),
				onOffline: (id: string) => told.push(`${id} went`),
			},
		});
		const user = world.object('user:ada');
		const inbox = { user: ADA, allowed: undefined };
		const [one, two] = [await user.accept(inbox), await user.accept(inbox)];
		for (const socket of [one, two]) await user.message(socket, ['hello', {}]);
		user.sleep();
		await (await user.instance).send('{"a":1}');
		assert.deepEqual([one.of('inbox'), two.of('inbox')], [[[{ a: 1 }]], [[{ a: 1 }]]]);
		await user.message(one, JOIN);
		assert.equal(one.of('refused').length, 1);
		await user.close(one, 1000);
		await user.close(two, 1000);
		user.sleep();
		assert.equal(await (await user.instance).isOnline(), true);
		await pass(6000, user);
		assert.equal(await (await user.instance).isOnline(), false);
		assert.deepEqual(told, ['ada came', 'ada went']);
	});

	it('is offline when the object of its plain client has died, and woke again', async () => {
		const world = new World({ 'rooms/[room]': room() });
		const [lobby, user] = [world.object(LOBBY), world.object('user:ada')];
		await lobby.accept({ user: ADA, kind: 'plain' });
		await lobby.accept({ user: { id: 'eve' }, kind: 'plain' });
		lobby.sockets.splice(0, 1);
		lobby.sleep();
		assert.equal(await (await user.instance).isOnline(), true);
		await lobby.instance;
		await pass(16_000, user);
		assert.equal(await (await user.instance).isOnline(), false);
		assert.equal(await (await world.object('user:eve').instance).isOnline(), true);
	});

	it('is offline within two hours of the death of an object that nothing wakes', async () => {
		const world = new World({ 'rooms/[room]': room() });
		const lobby = world.object(LOBBY);
		const [ada, eve] = [world.object('user:ada'), world.object('user:eve')];
		const plain = await lobby.accept({ user: ADA, kind: 'plain' });
		await lobby.accept({ user: { id: 'eve' }, kind: 'plain' });
		await pass(7_200_000, ada, eve);
		assert.equal(await (await ada.instance).isOnline(), true);
		lobby.sockets.splice(lobby.sockets.indexOf(plain), 1);
		lobby.sleep();
		ada.sleep();
		await pass(7_200_000, ada, eve);
		assert.equal(await (await ada.instance).isOnline(), false);
		assert.equal(await (await eve.instance).isOnline(), true);
	});

	it('is offline within two hours of the death of a connection that nobody told of', async () => {
		const world = new World({ 'rooms/[room]': room() });
		const [ada, eve] = [world.object('user:ada'), world.object('user:eve')];
		const socket = await ada.accept({ user: ADA });
		await ada.message(socket, ['hello', {}]);
		const other = await eve.accept({ user: { id: 'eve' } });
		await eve.message(other, ['hello', {}]);
		ada.evict();
		await pass(7_200_000, ada);
		assert.equal(await (await ada.instance).isOnline(), false);
		// The client of the other one has gone without a word.
		eve.sleep();
		await pass(7_200_000, eve);
		assert.equal(await (await eve.instance).isOnline(), false);
	});

	it('sends to plain clients through the objects of their channels', async () => {
		const world = new World({ 'rooms/[room]': room() });
		const [lobby, user] = [world.object(LOBBY), world.object('user:ada')];
		const plain = await lobby.accept({ user: ADA, kind: 'plain' });
		lobby.sleep();
		user.sleep();
		assert.equal(await (await user.instance).isOnline(), true);
		await (await user.instance).send('{"a":1}');
		assert.deepEqual(plain.frames, [{ a: 1 }]);
		await lobby.close(plain, 1000);
		await pass(6000, user);
		assert.equal(await (await user.instance).isOnline(), false);
	});
});
