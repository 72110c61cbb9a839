import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled } from '../channel/channel.fixture.ts';
import { PRESENCE_INTERVAL } from '../channel/limits.ts';
import type { ChannelHandle } from '../define/api/channel-handle.ts';
import { defineChannel } from '../define/api/define-channel.ts';
import { writeBinaryFrame } from '../protocol/binary-frame.ts';
import { type ErrorData, RealtimeError } from '../protocol/errors.ts';
import { Client, type Files, Stage } from './server.fixture.ts';

/** A channel that publishes what it is sent, as `said`. */
function room(options: object = {}): Files[string] {
	const anything = {
		'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
	};
	const channel = {
		authorize: 'anyone',
		messages: {
			say: {
				input: anything,
				handler: async (data: unknown, { channel }: { channel: ChannelHandle }) => {
					await channel.publish('said', data);
					return { heard: data };
				},
			},
			count: { input: anything, handler: (data: Uint8Array) => data.byteLength },
			move: { input: anything, ephemeral: true, handler: () => {} },
		},
		events: { said: anything, moved: { schema: anything, ephemeral: true } },
		history: { size: 100, ttl: 300 },
		...options,
	};
	return { default: defineChannel(channel as never) };
}

const ROOMS: Files = { 'rooms/[room]': room() };
const LOBBY = ['rooms', { room: 'lobby' }] as const;
const ADA = { id: 'ada' };

async function joined(client: Client, ref = 1, options: object = {}): Promise<void> {
	await client.send(['join', ref, ...LOBBY, options]);
}

/** Arrays in arrays. */
function nested(levels: number): unknown {
	let value: unknown = 1;
	for (let level = 0; level < levels; level++) value = [value];
	return value;
}

describe('A connection', () => {
	it('is welcomed with a session of its own', async () => {
		const stage = new Stage(ROOMS);
		const client = await stage.client(undefined, { version: 'old' });
		const other = await stage.client();
		assert.deepEqual(client.of('welcome'), [
			[{ session: client.session, isResumed: false, version: 'rooms/[room]' }],
		]);
		assert.match(client.session, /^[\w-]{22}$/);
		assert.notEqual(client.session, other.session);
	});

	for (const [what, frame, reason] of [
		['is no JSON', '{', 'A frame is not JSON.'],
		['is no array', '{}', 'A frame is not an array.'],
		['has an unknown type', '["hullo"]', 'The type of a frame is unknown.'],
		['is a second hello', '["hello",{}]', 'A frame `hello` was sent twice.'],
	] as const) {
		it(`is closed with 4500 for a frame that ${what}`, async () => {
			const client = await new Stage(ROOMS).client();
			await client.send(frame);
			assert.deepEqual(client.socket.closed, { code: 4500, reason });
		});
	}

	it('is closed with 4500 if the first frame is no hello', async () => {
		const { Client } = await import('./server.fixture.ts');
		const client = new Client(new Stage(ROOMS).hub, undefined);
		await client.send(['leave', 1]);
		assert.equal(client.socket.closed?.code, 4500);
	});

	it('is closed with 4500 for a ref that was used before', async () => {
		const client = await new Stage(ROOMS).client();
		await joined(client);
		await client.send(['leave', 1]);
		await joined(client);
		assert.deepEqual(client.socket.closed, {
			code: 4500,
			reason: 'A frame `join` uses a `ref` twice.',
		});
	});

	it('answers a ping, also before hello', async () => {
		const { Client } = await import('./server.fixture.ts');
		const client = new Client(new Stage(ROOMS).hub, undefined);
		await client.send('ping');
		assert.deepEqual(client.socket.sent, ['pong']);
		assert.equal(client.socket.isClosed(), false);
	});

	it('takes joins and messages that follow hello at once', async () => {
		const stage = new Stage(ROOMS);
		const { Client } = await import('./server.fixture.ts');
		const client = new Client(stage.hub, undefined);
		await client.send(['hello', {}], ['join', 1, ...LOBBY], ['send', 1, 1, 'say', 'hi']);
		assert.deepEqual(client.types, ['welcome', 'joined', 'event', 'reply']);
		assert.deepEqual(client.of('reply'), [[1, 1, { heard: 'hi' }]]);
	});

	it('gets frames of one moment in one message, if it takes such', async () => {
		const stage = new Stage(ROOMS);
		const [one, several] = [await stage.client(), await stage.client(undefined, {}, 1)];
		for (const client of [one, several]) {
			await joined(client, 1, { last: 10 });
			await client.send(['send', 1, 1, 'say', 'hi']);
			await joined(client, 2, { last: 10 });
		}
		assert.deepEqual(several.types, [
			'welcome',
			'joined',
			'event',
			'event',
			'reply',
			'joined',
			'event',
			'event',
		]);
		const counts = several.socket.sent.map((message) => String(message).split('\n').length);
		assert.deepEqual(counts, [1, 2, 2, 3]);
		assert.equal(one.socket.sent.length, one.types.length);
	});

	it('gets what others publish while its handler waits', async () => {
		const waiting: (() => void)[] = [];
		const wait = { handler: () => new Promise<void>((resolve) => waiting.push(resolve)) };
		const stage = new Stage({ 'rooms/[room]': room({ messages: { wait } }) });
		stage.maySleep = false;
		const client = await stage.client(undefined, {}, 1);
		await joined(client);
		await client.send(['send', 1, 1, 'wait']);
		const { definitions } = stage.site;
		const lobby = definitions.get('rooms/[room]')?.open({ room: 'lobby' }) as ChannelHandle;
		await lobby.publish('said', 'hello');
		assert.deepEqual(client.types, ['welcome', 'joined', 'event']);
		for (const resolve of waiting) resolve();
		await settled();
		assert.deepEqual(client.types, ['welcome', 'joined', 'event', 'reply']);
	});

	it('is closed with 4401 when the authentication of its user expires', async () => {
		const stage = new Stage(ROOMS);
		const client = await stage.client({ id: 'ada', expires: stage.host.now() + 60_000 });
		await stage.host.advance(59_000);
		assert.equal(client.socket.isClosed(), false);
		await stage.host.advance(1000);
		assert.equal(client.socket.closed?.code, 4401);
	});

	it('is closed with 4401 before it can join, for a user who has expired already', async () => {
		const stage = new Stage(ROOMS);
		const client = new Client(stage.hub, { id: 'ada', expires: stage.host.now() - 1 });
		await client.send(
			['hello', {}],
			['join', 1, 'rooms', { room: 'lobby' }],
			['send', 1, 1, 'say'],
		);
		assert.equal(client.socket.closed?.code, 4401);
		assert.deepEqual(client.types, []);
	});

	it('refuses a message over 64 KB, and goes on', async () => {
		const client = await new Stage(ROOMS).client();
		await joined(client);
		await client.send(['send', 1, 1, 'say', 'x'.repeat(65_536)], ['send', 1, 2, 'say', 'short']);
		assert.equal(client.code('error'), 'CONTENT_TOO_LARGE');
		assert.deepEqual(client.of('reply'), [[1, 2, { heard: 'short' }]]);
	});

	it('refuses a message that is far too large without reading it', async (context) => {
		const client = await new Stage(ROOMS).client();
		await joined(client);
		const parse = context.mock.method(JSON, 'parse');
		const data = `[${'[],'.repeat(400_000)}0]`;
		await client.send(
			`["send",1,7,"say",${data}]`,
			// As Python writes JSON.
			`["send", 1, 8, "say", ${data}]`,
			`["cast",1,"say",${data}]`,
			`["presence",1,${data}]`,
			`["join",2,"rooms",{"room":"hall"},{"presence":${data}}]`,
		);
		const read = parse.mock.calls.map((call) => String(call.arguments[0]).length);
		assert.ok(Math.max(...read) < 65_536);
		assert.deepEqual(
			client.of('error').map(([ref, id, error]) => [ref, id, Object(error).code]),
			[
				[1, 7, 'CONTENT_TOO_LARGE'],
				[1, 8, 'CONTENT_TOO_LARGE'],
			],
		);
		assert.equal(client.code('refused'), 'CONTENT_TOO_LARGE');
		assert.equal(client.socket.isClosed(), false);
		await client.send(`[${data},"send",1,9,"say"]`);
		assert.equal(client.socket.closed?.code, 4500);
	});

	it('takes bytes up to 64 KB, whatever the frame around them adds', async () => {
		const client = await new Stage(ROOMS).client();
		await joined(client);
		for (const size of [65_536, 65_537]) {
			const frame = writeBinaryFrame(`["send",1,${size},"count"]`, new Uint8Array(size));
			client.mux.message(frame.buffer);
		}
		await settled();
		assert.deepEqual(client.of('reply'), [[1, 65_536, 65_536]]);
		assert.equal(client.code('error'), 'CONTENT_TOO_LARGE');
	});

	it('refuses a message that is nested too deep, and goes on', async () => {
		const client = await new Stage(ROOMS).client();
		await joined(client);
		await client.send(['send', 1, 1, 'say', nested(32)], ['send', 1, 2, 'say', nested(31)]);
		assert.equal(client.code('error'), 'BAD_REQUEST');
		assert.deepEqual(client.of('reply'), [[1, 2, { heard: nested(31) }]]);
	});

	it('refuses a join over 64 KB, or that is nested too deep, also before it is welcomed', async () => {
		const stage = new Stage(ROOMS);
		const client = new Client(stage.hub, undefined);
		await client.send(
			['hello'],
			['join', 1, 'rooms', { room: 'x'.repeat(65_536) }],
			['join', 2, ...LOBBY, { presence: nested(31) }],
			['join', 3, ...LOBBY, { presence: nested(30) }],
		);
		assert.deepEqual(
			client.of('refused').map(([ref, error]) => [ref, (error as { code: string }).code]),
			[
				[1, 'CONTENT_TOO_LARGE'],
				[2, 'BAD_REQUEST'],
			],
		);
		assert.deepEqual(client.types, ['welcome', 'refused', 'refused', 'joined']);
	});

	it('drops presence and ephemeral messages over 64 KB, which have no answer', async () => {
		const client = await new Stage(ROOMS).client();
		await joined(client);
		const large = 'x'.repeat(65_536);
		await client.send(['presence', 1, large], ['cast', 1, 'move', large], 'ping');
		assert.equal(client.socket.sent.at(-1), 'pong');
	});

	it('is closed for another frame over 64 KB', async () => {
		const client = await new Stage(ROOMS).client();
		await client.send(['credit', 1, 'x'.repeat(65_536)]);
		assert.equal(client.socket.closed?.code, 4500);
	});
});

describe('A join', () => {
	it('is refused alike for a channel that does not exist and one that is not allowed', async () => {
		const stage = new Stage({ ...ROOMS, 'secrets/[name]': room({ authorize: 'users' }) });
		const client = await stage.client();
		await client.send(
			['join', 1, 'secrets', { name: 'plan' }],
			['join', 2, 'nothing', { name: 'plan' }],
			['join', 3, 'rooms', {}],
			['join', 4, 'rooms', { room: 'a', other: 'b' }],
			['join', 5, 'rooms', { room: '' }],
			['join', 6, '__proto__', {}],
			['join', 7, 'rooms', { room: 'x'.repeat(257) }],
		);
		const refused = client.of('refused');
		assert.deepEqual(
			refused.map(([ref]) => ref),
			[1, 2, 3, 4, 5, 6, 7],
		);
		const [first] = refused;
		for (const [, error] of refused) assert.deepEqual(error, first?.[1]);
	});

	it('is logged where no channel has the name', async () => {
		const stage = new Stage(ROOMS);
		const client = await stage.client();
		await client.send(['join', 1, 'room', { room: 'a\nb' }, {}], ['join', 2, ...LOBBY, {}]);
		assert.equal(await stage.plain('room/lobby'), undefined);
		assert.deepEqual(stage.logs, [
			'A join is refused: `src/realtime` has no channel "room" with the parameters {"room":"a\\nb"}.',
			'A join is refused: `src/realtime` has no channel at the path "room/lobby".',
		]);
	});

	it('is refused in as many turns for a channel that does not exist', async () => {
		const stage = new Stage({ secret: room({ authorize: 'users' }) });
		const client = await stage.client();
		client.mux.message('["join",1,"secret",{}]');
		client.mux.message('["join",2,"nothing",{}]');
		await settled();
		client.mux.message('["join",3,"nothing",{}]');
		client.mux.message('["join",4,"secret",{}]');
		await settled();
		assert.deepEqual(
			client.of('refused').map(([ref]) => ref),
			[1, 2, 3, 4],
		);
	});

	it('stores nothing before the site allowed it', async () => {
		let allow = (_: boolean): void => {};
		const answer = new Promise<boolean>((resolve) => {
			allow = resolve;
		});
		const stage = new Stage({ 'rooms/[room]': room({ authorize: () => answer }) });
		const client = await stage.client(ADA);
		await joined(client);
		assert.equal(stage.hub.stats().channels, 0);
		allow(true);
		await settled();
		assert.equal(stage.hub.stats().channels, 1);
		assert.equal(client.of('joined').length, 1);
	});

	it('keeps its messages in order while the site is asked, and lets other channels go on', async () => {
		let allow = (_: boolean): void => {};
		const answer = new Promise<boolean>((resolve) => {
			allow = resolve;
		});
		const stage = new Stage({ slow: room({ authorize: () => answer }), fast: room() });
		const client = await stage.client(ADA);
		await client.send(
			['join', 1, 'slow', {}],
			['send', 1, 1, 'say', 'a'],
			['send', 1, 2, 'say', 'b'],
			['join', 2, 'fast', {}],
			['send', 2, 3, 'say', 'c'],
		);
		assert.deepEqual(client.of('reply'), [[2, 3, { heard: 'c' }]]);
		allow(true);
		await settled();
		assert.deepEqual(client.of('reply').slice(1), [
			[1, 1, { heard: 'a' }],
			[1, 2, { heard: 'b' }],
		]);
	});

	it('is refused where the site never answers, after the time of a handler', async () => {
		const never = (): Promise<never> => new Promise(() => {});
		for (const options of [{ authorize: never }, { presence: { server: never } }]) {
			const stage = new Stage({ 'rooms/[room]': room({ timeout: 5, ...options }) });
			const client = await stage.client(ADA);
			await joined(client, 1, { presence: {} });
			await stage.host.advance(4999);
			assert.deepEqual(client.types, ['welcome']);
			await stage.host.advance(1);
			assert.equal(client.code('refused'), 'TIMEOUT');
			assert.equal(stage.host.reports.length, 1);
			assert.equal(stage.hub.stats().members, 0);
		}
	});

	it('may be tried again where the site fails, unless its error says otherwise', async () => {
		const fail = (): never => assert.fail('no database');
		const forbid = (): never => {
			throw new RealtimeError({ code: 'FORBIDDEN', message: 'Your plan has ended.' });
		};
		const limit = (): never => {
			throw new RealtimeError({ code: 'TIMEOUT', message: 'Later.', retryAfter: 3 });
		};
		for (const [failing, code, retryAfter] of [
			[fail, 'INTERNAL_SERVER_ERROR', 10_000],
			[limit, 'TIMEOUT', 3],
			[forbid, 'FORBIDDEN', undefined],
		] as const) {
			for (const [options, asked] of [
				[{ authorize: failing }, {}],
				[{ presence: { server: failing } }, { presence: {} }],
				[{ presence: { server: failing } }, {}],
			] as const) {
				const stage = new Stage({ 'rooms/[room]': room(options) });
				const client = await stage.client(ADA);
				await joined(client, 1, asked);
				const [[, error] = []] = client.of('refused');
				const { message: _, ...rest } = error as ErrorData;
				assert.deepEqual(rest, { code, ...(retryAfter !== undefined && { retryAfter }) });
				assert.equal(stage.hub.stats().members, 0);
			}
		}
	});

	it('begins while `onJoin` runs', async () => {
		const onJoin = (): Promise<never> => new Promise(() => {});
		const stage = new Stage({ 'rooms/[room]': room({ onJoin }) });
		const client = await stage.client();
		await joined(client);
		assert.equal(client.of('joined').length, 1);
	});

	it('handles its messages between `onJoin` and `onLeave`, which change the same data', async () => {
		type Given = { readonly connection: { data: object } };
		const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
		const handler = async (_: unknown, { connection }: Given): Promise<object> => {
			await gates[1].promise;
			connection.data = { ...connection.data, isHandled: true };
			return connection.data;
		};
		const left: object[] = [];
		const stage = new Stage({
			'rooms/[room]': room({
				messages: { change: { handler } },
				data: () => ({}),
				onJoin: async ({ connection }: Given) => {
					await gates[0].promise;
					connection.data = { ...connection.data, isJoined: true };
				},
				onLeave: ({ connection }: Given) => left.push(connection.data),
			}),
		});
		stage.maySleep = false;
		const client = await stage.client();
		await client.send(['join', 1, ...LOBBY, {}], ['send', 1, 1, 'change']);
		gates[1].resolve();
		await settled();
		assert.deepEqual(client.of('reply'), []);
		gates[0].resolve();
		await settled();
		const data = { isJoined: true, isHandled: true };
		assert.deepEqual(client.of('reply'), [[1, 1, data]]);
		assert.deepEqual(left, []);
	});

	it('is left once `onJoin` and a handler that run have ended', async () => {
		const told: string[] = [];
		const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
		const slow = (name: string, index: 0 | 1) => async (): Promise<void> => {
			await gates[index].promise;
			told.push(name);
		};
		const stage = new Stage({
			'rooms/[room]': room({
				messages: { say: { handler: slow('handled', 1) } },
				onJoin: slow('joined', 0),
				onLeave: () => told.push('left'),
			}),
		});
		stage.maySleep = false;
		const [early, late] = [await stage.client(), await stage.client()];
		await joined(early);
		await early.send(['leave', 1]);
		assert.deepEqual(told, []);
		gates[0].resolve();
		await settled();
		assert.deepEqual(told, ['joined', 'left']);
		await joined(late);
		await late.send(['send', 1, 1, 'say']);
		late.mux.closed(1006);
		await settled();
		assert.deepEqual(told, ['joined', 'left', 'joined']);
		gates[1].resolve();
		await settled();
		assert.deepEqual(told.slice(3), ['handled', 'left']);
	});

	it('asks the server once what it says of a member', async () => {
		let asked = 0;
		const presence = { server: () => ({ asked: ++asked }) };
		const stage = new Stage({ 'rooms/[room]': room({ presence }) });
		await joined(await stage.client(ADA));
		assert.equal(asked, 1);
		await joined(await stage.client(ADA), 1, { presence: {} });
		assert.equal(asked, 2);
	});

	it('is left while the site is asked, and never begins', async () => {
		let allow = (_: boolean): void => {};
		const answer = new Promise<boolean>((resolve) => {
			allow = resolve;
		});
		const stage = new Stage({ 'rooms/[room]': room({ authorize: () => answer }) });
		const client = await stage.client(ADA);
		await joined(client);
		await client.send(['leave', 1]);
		allow(true);
		await settled();
		assert.deepEqual(client.types, ['welcome', 'left']);
		assert.equal(stage.hub.stats().members, 0);
	});

	it('is refused if the user is disconnected while the site is asked', async () => {
		let allow = (_: boolean): void => {};
		const answer = new Promise<boolean>((resolve) => {
			allow = resolve;
		});
		const stage = new Stage({ 'rooms/[room]': room({ authorize: () => answer }) });
		const client = await stage.client(ADA);
		await joined(client);
		await stage.hub.channel('rooms/[room]', { room: 'lobby' }).disconnect('ada');
		allow(true);
		await settled();
		assert.deepEqual(client.types, ['welcome', 'refused']);
	});

	it('ends when the user is disconnected', async () => {
		const stage = new Stage(ROOMS);
		const client = await stage.client(ADA);
		await joined(client);
		await stage.hub.channel('rooms/[room]', { room: 'lobby' }).disconnect('ada');
		assert.equal(client.code('left'), 'FORBIDDEN');
		await client.send(['send', 1, 1, 'say', 'still here']);
		assert.equal(client.code('error'), 'CLOSED');
	});

	it('ends when its file is removed, and stays when its file is edited', async () => {
		const stage = new Stage({ ...ROOMS, lobby: room() });
		const client = await stage.client();
		await client.send(['join', 1, 'lobby', {}], ['join', 2, ...LOBBY]);
		stage.use({ 'rooms/[room]': room({ messages: {} }) });
		assert.deepEqual(
			client.of('left').map(([ref]) => ref),
			[1],
		);
		await client.send(['send', 2, 1, 'say', 'hi']);
		assert.equal(client.code('error'), 'NOT_FOUND');
	});

	it('is limited to 128 channels and 20 joins a second', async () => {
		const stage = new Stage(ROOMS);
		const client = await stage.client();
		const join = (ref: number): unknown => ['join', ref, 'rooms', { room: String(ref) }];
		await client.send(...Array.from({ length: 129 }, (_, index) => join(index + 1)));
		assert.equal(client.of('joined').length, 128);
		const error = client.of('refused')[0]?.[1] as { code: string; retryAfter: number };
		assert.equal(error.code, 'TOO_MANY_REQUESTS');
		assert.equal(error.retryAfter, 50);
		await stage.host.advance(error.retryAfter);
		await client.send(['leave', 1], join(130));
		assert.equal(client.of('joined').length, 129);
		await stage.host.advance(1000);
		await client.send(join(131));
		assert.deepEqual(client.of('refused')[1]?.[1], {
			code: 'TOO_MANY_REQUESTS',
			message: 'A connection can be in 128 channels.',
		});
	});

	it('counts ten times if it is refused', async () => {
		const stage = new Stage(ROOMS);
		stage.maySleep = false;
		const client = await stage.client();
		const joins = Array.from({ length: 20 }, (_, index) => ['join', index + 1, 'nothing', {}]);
		for (const join of joins) await client.send(join);
		const codes = client.of('refused').map(([, error]) => (error as { code: string }).code);
		assert.equal(codes.filter((code) => code === 'NOT_FOUND').length, 13);
	});
});

describe('A session', () => {
	it('is continued with its claims, and its presence does not flicker', async () => {
		const presence = { of: 'user' };
		const stage = new Stage({ 'rooms/[room]': room({ presence }) });
		const watcher = await stage.client({ id: 'grace' });
		await joined(watcher);
		const first = await stage.client(ADA);
		await joined(first);
		await first.send(['send', 1, 7, 'say', 'once']);
		await stage.host.advance(1000);
		first.mux.closed(1006);
		await stage.host.advance(14_000);
		const second = await stage.client(ADA, { session: first.session });
		assert.deepEqual(second.of('welcome'), [
			[{ session: first.session, isResumed: true, version: 'rooms/[room]' }],
		]);
		await joined(second);
		await second.send(['send', 1, 7, 'say', 'once']);
		assert.deepEqual(second.of('reply'), [[1, 7, { heard: 'once' }]]);
		assert.equal(watcher.of('event').length, 1);
		await stage.host.advance(60_000);
		const left = watcher
			.of('changes')
			.flatMap(([, changes]) => (changes as { left: string[] }).left);
		assert.deepEqual(left, []);
	});

	it('ends its earlier connection with 4409 before its joins', async () => {
		const stage = new Stage({ 'rooms/[room]': room({ presence: { of: 'user' } }) });
		const first = await stage.client(ADA);
		await joined(first);
		const second = await stage.client(ADA, { session: first.session });
		assert.equal(first.socket.closed?.code, 4409);
		await joined(second);
		await stage.host.advance(60_000);
		const members = await stage.hub.channel('rooms/[room]', { room: 'lobby' }).members();
		assert.deepEqual(
			members.map(({ id }) => id),
			['ada'],
		);
		first.mux.closed(4409);
		await stage.host.advance(180_000);
		const third = await stage.client(ADA, { session: first.session });
		assert.equal(third.welcome.isResumed, true);
	});

	it('is not given to another user', async () => {
		const stage = new Stage(ROOMS);
		const first = await stage.client(ADA);
		const thief = await stage.client({ id: 'eve' }, { session: first.session });
		assert.equal(thief.welcome.isResumed, false);
		assert.equal(first.socket.isClosed(), false);
	});

	it('leaves presence 5 s after a clean close, 15 s after a loss, and at once when it leaves', async () => {
		const stage = new Stage({ 'rooms/[room]': room({ presence: { of: 'connection' } }) });
		const port = () => stage.hub.channel('rooms/[room]', { room: 'lobby' });
		const count = async (): Promise<number> => (await port().members()).length;
		const clients = await Promise.all([stage.client(), stage.client(), stage.client()]);
		for (const client of clients) await joined(client);
		await clients[0]?.send(['leave', 1]);
		assert.equal(await count(), 2);
		clients[1]?.mux.closed(1001);
		clients[2]?.mux.closed(1006);
		await stage.host.advance(4900);
		assert.equal(await count(), 2);
		await stage.host.advance(200);
		assert.equal(await count(), 1);
		await stage.host.advance(10_000);
		assert.equal(await count(), 0);
	});
});

describe('A slow client', () => {
	const large = 'x'.repeat(60_000);

	async function slow(): Promise<[Stage, Client, (count: number) => Promise<void>]> {
		const stage = new Stage(ROOMS);
		const client = await stage.client();
		await joined(client);
		const port = () => stage.hub.channel('rooms/[room]', { room: 'lobby' });
		const publish = async (count: number): Promise<void> => {
			for (let index = 0; index < count; index++) {
				await port().publish({ name: 'said', data: JSON.stringify(large), isEphemeral: false });
			}
			await settled();
		};
		return [stage, client, publish];
	}

	it('is asked for a credit after each 256 KiB', async () => {
		const [, client, publish] = await slow();
		await publish(4);
		assert.equal(client.of('credit').length, 0);
		await publish(1);
		assert.equal(client.of('credit').length, 1);
		await publish(5);
		assert.equal(client.of('credit').length, 2);
	});

	it('loses ephemeral messages, then its connection', async () => {
		const [stage, client, publish] = await slow();
		const port = () => stage.hub.channel('rooms/[room]', { room: 'lobby' });
		const cast = () => port().publish({ name: 'moved', data: '1', isEphemeral: true });
		await publish(8);
		await cast();
		await publish(1);
		await cast();
		assert.equal(client.of('cast').length, 1);
		await publish(8);
		assert.equal(client.socket.isClosed(), false);
		await publish(2);
		assert.equal(client.socket.closed?.code, 4008);
		assert.equal(stage.hub.stats().members, 0);
	});

	it('goes on as long as it repeats the credits', async () => {
		const [, client, publish] = await slow();
		for (let round = 0; round < 20; round++) {
			await publish(5);
			await client.send(['credit', client.of('credit').at(-1)?.[0]]);
		}
		assert.equal(client.socket.isClosed(), false);
		assert.equal(client.of('event').length, 100);
	});

	it('gets its past as fast as it acknowledges', async () => {
		const [stage, , publish] = await slow();
		await publish(40);
		const late = await stage.client();
		await late.send(['join', 1, ...LOBBY, { last: 40 }]);
		for (let round = 0; late.of('event').length < 40 && round < 20; round++) {
			const unsent = late.of('event').length;
			assert.ok(unsent <= (round + 1) * 6);
			await late.send(['credit', late.of('credit').at(-1)?.[0]]);
		}
		assert.equal(late.of('event').length, 40);
		assert.equal(late.socket.isClosed(), false);
	});

	it('gets the members of many channels as fast as it acknowledges', async () => {
		const presence = { of: 'connection', server: () => ({ text: 'x'.repeat(8000) }) };
		const stage = new Stage({ 'rooms/[room]': room({ presence }) });
		const join = (index: number): unknown[] => ['join', index, 'rooms', { room: `${index}` }, {}];
		const joins = Array.from({ length: 6 }, (_, index) => join(index + 1));
		for (let member = 0; member < 30; member++) await (await stage.client()).send(...joins);
		await stage.host.advance(1000);
		const late = await stage.client();
		await late.send(...joins);
		assert.ok(late.of('members').length < 3);
		for (let round = 0; round < 6; round++) {
			await late.send(['credit', late.of('credit').at(-1)?.[0]]);
		}
		assert.equal(late.of('members').length, 6);
		assert.equal(late.socket.isClosed(), false);
	});
});

describe('Presence data', () => {
	it('that waits for the join is applied, the newest alone', async () => {
		let allow = (_: boolean): void => {};
		const answer = new Promise<boolean>((resolve) => {
			allow = resolve;
		});
		const schema = {
			'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
		};
		const stage = new Stage({ lobby: room({ authorize: () => answer, presence: { schema } }) });
		const client = await stage.client(ADA);
		await client.send(
			['join', 1, 'lobby', {}, { presence: { mood: 'new' } }],
			['presence', 1, { mood: 'happy' }],
			['presence', 1, { mood: 'sad' }],
		);
		allow(true);
		await settled();
		const members = await stage.hub.channel('lobby', {}).members();
		assert.deepEqual(
			members.map(({ data }) => data),
			[{ mood: 'sad' }],
		);
	});

	it('is taken once in the time in which changes are gathered, the newest last', async () => {
		let parsed = 0;
		const schema = {
			'~standard': {
				version: 1,
				vendor: 'test',
				validate: (value: unknown) => ({ value: [++parsed, value] }),
			},
		};
		const stage = new Stage({ lobby: room({ presence: { schema } }) });
		const client = await stage.client(ADA);
		await client.send(['join', 1, 'lobby', {}, { presence: 0 }]);
		for (let index = 1; index <= 100; index++) await client.send(['presence', 1, index]);
		assert.equal(parsed, 2);
		await stage.host.advance(PRESENCE_INTERVAL);
		const members = await stage.hub.channel('lobby', {}).members();
		assert.deepEqual(
			members.map(({ data }) => data),
			[[3, 100]],
		);
		await stage.host.advance(60_000);
		assert.equal(parsed, 3);
	});
});

describe('A user', () => {
	it('is told to come with the first connection and to go after the last', async () => {
		const told: string[] = [];
		const stage = new Stage({
			...ROOMS,
			_middleware: {
				onOnline: (id: string) => told.push(`${id} came`),
				onOffline: (id: string) => told.push(`${id} went`),
			},
		});
		const first = await stage.client(ADA);
		const second = await stage.client(ADA);
		assert.deepEqual(told, ['ada came']);
		first.mux.closed(1001);
		second.mux.closed(1001);
		await stage.host.advance(4000);
		const third = await stage.client(ADA);
		await stage.host.advance(10_000);
		assert.deepEqual(told, ['ada came']);
		assert.equal(await stage.hub.user('ada').isOnline(), true);
		third.mux.closed(1006);
		await stage.host.advance(15_000);
		assert.deepEqual(told, ['ada came', 'ada went']);
		assert.equal(await stage.hub.user('ada').isOnline(), false);
	});

	it('gets messages on all connections', async () => {
		const stage = new Stage(ROOMS);
		const clients = await Promise.all([stage.client(ADA), stage.client(ADA), stage.client()]);
		await stage.hub.user('ada').send('{"hello":"ada"}');
		assert.deepEqual(
			clients.map((client) => client.of('inbox')),
			[[[{ hello: 'ada' }]], [[{ hello: 'ada' }]], []],
		);
	});
});
