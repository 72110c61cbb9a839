import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelHandle } from './api/channel-handle.ts';
import { binary } from './data/binary.ts';
import {
	calm,
	declared,
	FakeRuntime,
	member,
	message,
	schema,
	siteOf,
	text,
	UNSET,
} from './define.fixture.ts';
import { createChannels, createSocket, type UntypedChannels } from './handles.ts';

const events = {
	said: text,
	moved: { schema: text, ephemeral: true },
	stroke: binary({ max: 4 }),
	cleared: schema((value) => value),
};

function channelsOf(runtime: FakeRuntime, options: object = {}): UntypedChannels {
	const channel = declared({ authorize: 'users', events, history: { size: 20 }, ...options });
	const site = siteOf(
		{
			'rooms/index.ts': channel,
			'rooms/[room].ts': channel,
			'teams/[team]/rooms/[room].ts': channel,
			'chat-room.ts': { default() {} },
		},
		runtime,
	);
	return createChannels(() => site);
}

function lobby(runtime: FakeRuntime): ChannelHandle {
	return rooms(channelsOf(runtime), { room: 'lobby' });
}

function rooms(channels: UntypedChannels | undefined, params?: { room: string }): ChannelHandle {
	return channels?.rooms?.(params) as ChannelHandle;
}

test('opens a channel by its name and parameters', async () => {
	const runtime = new FakeRuntime();
	const channels = channelsOf(runtime);
	for (const handle of [
		channels.rooms?.(),
		channels.rooms?.({ room: 'a/b' }),
		channels.teams?.rooms?.({ room: 'lobby', team: 'red' }),
	]) {
		await (handle as ChannelHandle).publish('said', { text: '' });
	}
	assert.deepEqual(
		runtime.published.map(([channel]) => channel),
		['rooms?', 'rooms/[room]?room=a%2Fb', 'teams/[team]/rooms/[room]?team=red&room=lobby'],
	);
	assert.equal(typeof channels['chat-room'], 'function');
});

test('explains a channel that does not exist', () => {
	const channels = channelsOf(new FakeRuntime());
	assert.throws(() => channels.room?.(), {
		message: 'There is no channel `room`. Did you mean `rooms`?',
	});
	assert.throws(() => channels.teams?.rooms?.({ team: 'red' }), {
		message: 'The channel `teams/rooms` takes `team`, `room`, but was given `team`.',
	});
	assert.throws(() => channels.rooms?.({ room: 'a', team: 'b' }), {
		message: 'The channel `rooms` takes no parameters, or `room`, but was given `room`, `team`.',
	});
});

test('refuses values that are empty, too long, not well-formed, or no strings', () => {
	const channels = channelsOf(new FakeRuntime());
	for (const [room, got] of [
		['', '""'],
		['x'.repeat(257), `"${'x'.repeat(257)}"`],
		['\ud800', String.raw`"\ud800"`],
		[3, '3'],
		[3n, '3'],
		[null, 'null'],
		[undefined, 'undefined'],
		[Object.create(null), 'a value of type object'],
	] as const) {
		assert.throws(() => channels.rooms?.({ room: room as string }), {
			message: `The parameter \`room\` of the channel \`rooms\` must be a string of 1 to 256 characters, got: ${got}`,
		});
	}
	assert.throws(() => channels.teams?.rooms?.(null as never), /but was given no parameters/);
});

test('is no promise, and has no members of functions', async () => {
	const channels = channelsOf(new FakeRuntime());
	for (const name of ['then', 'toJSON', 'constructor', 'call', 'toString']) {
		assert.equal(channels[name], undefined, name);
	}
	assert.equal(Reflect.get(channels, Symbol.iterator), undefined);
	assert.equal(await channels, channels);
});

test('publishes the parsed data, and resolves with the position', async () => {
	const runtime = new FakeRuntime();
	const room = lobby(runtime);
	assert.equal(await room.publish('said', { text: 'hi', secret: 1 }, { id: 'once' }), 'e.1.t');
	assert.equal(await room.publish('moved', { text: '' }, { except: 'c1' }), undefined);
	const bytes = new Uint8Array([1, 2]);
	await room.publish('stroke', bytes.buffer);
	await room.publish('cleared');
	assert.deepEqual(
		runtime.published.map(([, sent]) => sent),
		[
			{ name: 'said', data: '{"text":"hi"}', isEphemeral: false, ...UNSET, id: 'once' },
			{ name: 'moved', data: '{"text":""}', isEphemeral: true, ...UNSET, except: 'c1' },
			{ name: 'stroke', data: bytes, isEphemeral: false, ...UNSET },
			{ name: 'cleared', data: undefined, isEphemeral: false, ...UNSET },
		],
	);
});

test('tells of a publish that failed, and that nobody waited for', async () => {
	const runtime = new FakeRuntime();
	// An unhandled rejection would fail this test.
	void lobby(runtime).publish('said', { text: 3 });
	await new Promise(setImmediate);
	await runtime.idle();
	assert.deepEqual(
		runtime.reports.map(([given]) => given),
		['The channel `rooms/[room]` failed.'],
	);
});

test('leaves the error of a publish to whoever waits for it', async () => {
	const runtime = new FakeRuntime();
	const room = lobby(runtime);
	const wrong = (): Promise<unknown> => room.publish('said', { text: 3 });
	await assert.rejects(wrong());
	await assert.rejects(Promise.all([wrong(), wrong()]));
	assert.match(String(await wrong().catch(String)), /text/);
	await new Promise(setImmediate);
	await runtime.idle();
	assert.deepEqual(runtime.reports, []);
});

test('publishes bytes as they were, and gives copies of those that are kept', async () => {
	const runtime = new FakeRuntime();
	const channels = channelsOf(runtime);
	const bytes = Buffer.from([1, 2]);
	await rooms(channels).publish('stroke', bytes);
	await createSocket(() => siteOf({}, runtime))
		.to('ada')
		.send(bytes);
	bytes.fill(9);
	const expected = new Uint8Array([1, 2]);
	const [[, { data } = assert.fail()] = assert.fail()] = runtime.published;
	assert.deepEqual([data, runtime.inbox], [expected, [['ada', expected]]]);
	runtime.entries = [{ name: 'stroke', data, at: 1, position: 'e.1.t', previous: 'e.0.' }];
	const [kept] = (await rooms(channels).history()).messages;
	((kept ?? assert.fail()).data as Uint8Array).fill(9);
	assert.deepEqual(data, expected);
});

test('parses once for each publish, also asynchronously', async () => {
	let calls = 0;
	const counting = schema(async (value) => {
		calls++;
		return value;
	});
	const runtime = new FakeRuntime();
	const channels = channelsOf(runtime, { events: { said: counting } });
	await rooms(channels).publish('said', { a: 1 });
	assert.equal(calls, 1);
	assert.equal(runtime.published[0]?.[1].data, '{"a":1}');
});

test('publishes nothing that does not match', async () => {
	const runtime = new FakeRuntime();
	const room = lobby(runtime);
	await assert.rejects(room.publish('said', { text: 3 }), { code: 'BAD_REQUEST' });
	await assert.rejects(room.publish('stroke', new Uint8Array(5)), { code: 'BAD_REQUEST' });
	await assert.rejects(room.publish('sad', {}), {
		message: 'The channel `rooms` has no event `sad`. Did you mean `said`?',
	});
	await assert.rejects(room.publish('constructor', {}), TypeError);
	await assert.rejects(room.publish('said', { text: '' }, { except: 'c1' }), /is kept/);
	await assert.rejects(room.publish('moved', { text: '' }, { id: 'a' }), /is ephemeral/);
	for (const id of ['', 'x'.repeat(129), '\ud83d', 42 as unknown as string]) {
		await assert.rejects(room.publish('said', { text: '' }, { id }), /a string of 1 to 128 char/);
	}
	const except = { id: 'c1' } as unknown as string;
	await assert.rejects(room.publish('moved', { text: '' }, { except }), /`connection\.id`/);
	assert.deepEqual(runtime.published, []);
});

test('publishes at most 256 KB', async () => {
	const room = lobby(new FakeRuntime());
	const largest = 256 * 1024 - '{"text":""}'.length;
	await room.publish('said', { text: 'x'.repeat(largest) });
	await assert.rejects(room.publish('said', { text: 'x'.repeat(largest + 1) }), {
		code: 'CONTENT_TOO_LARGE',
		message: 'The data of `said` is larger than 256 KB.',
	});
	// Two bytes each.
	await assert.rejects(room.publish('said', { text: 'é'.repeat(largest / 2 + 1) }), {
		code: 'CONTENT_TOO_LARGE',
	});
});

test('rejects with TIMEOUT where a schema never resolves', async () => {
	const runtime = new FakeRuntime();
	const hanging = schema(() => new Promise(() => {}));
	const channels = channelsOf(runtime, { events: { said: hanging } });
	const published = rooms(channels).publish('said', 1);
	await new Promise(setImmediate);
	runtime.ring();
	await assert.rejects(published, {
		code: 'TIMEOUT',
		message: 'The schema of `said` took too long.',
	});
});

for (const [value, reason] of [
	[
		{ at: new Date(0) },
		'`at` is a Date. Make it a string in the schema, for example with `toISOString()`.',
	],
	[new Map(), 'it is a Map. Make it an array in the schema.'],
	[{ ids: [new Set()] }, '`ids[0]` is a Set. Make it an array in the schema.'],
	[{ a: { b: () => {} } }, '`a.b` is a function.'],
	[{ a: Number.NaN }, '`a` is NaN.'],
	[[undefined], '`[0]` is undefined.'],
	[{ a: Symbol.iterator }, '`a` is a symbol.'],
	[
		{ text: Promise.resolve('late') },
		'`text` is of the class Promise, of which JSON holds nothing.',
	],
	[[new Error('x')], '`[0]` is of the class Error, of which JSON holds nothing.'],
	[new URLSearchParams('a=1'), 'it is of the class URLSearchParams, of which JSON holds nothing.'],
	[{ a: new Uint8Array(1) }, '`a` is bytes, which travel alone: use `binary()`.'],
] as const) {
	test(`refuses what a schema makes that JSON cannot hold, in dev: ${reason}`, async () => {
		const runtime = new FakeRuntime();
		const room = lobby(runtime);
		await assert.rejects(room.publish('cleared', value), {
			name: 'TypeError',
			message: `The data of \`cleared\` cannot be written as JSON: ${reason}`,
		});
		runtime.isDevelopment = false;
		await room.publish('cleared', value);
	});
}

test('takes what JSON holds, in dev too', async () => {
	class Point {
		readonly x = 1;
	}
	class Price {
		toJSON(): unknown {
			return '1 €';
		}
	}
	const runtime = new FakeRuntime();
	const bare = Object.assign(Object.create(null), { a: {} });
	for (const value of [{}, Object.create(null), bare, new Point(), new Price(), []]) {
		await lobby(runtime).publish('cleared', value);
	}
	assert.deepEqual(
		runtime.published.map(([, { data }]) => data),
		['{}', '{}', '{"a":{}}', '{"x":1}', '"1 €"', '[]'],
	);
});

test('refuses what JSON cannot write at all, in production too', async () => {
	const runtime = new FakeRuntime();
	runtime.isDevelopment = false;
	const circle: { self?: unknown } = {};
	circle.self = circle;
	for (const value of [1n, circle, () => {}, Symbol.iterator]) {
		await assert.rejects(lobby(runtime).publish('cleared', value), {
			name: 'TypeError',
			message: /The data of `cleared` cannot be written as JSON: /,
		});
	}
	assert.deepEqual(runtime.published, []);
});

test('reads the history', async () => {
	const runtime = new FakeRuntime();
	const stroke = new Uint8Array([1]);
	runtime.entries = [
		{
			name: 'said',
			data: '{"text":"hi"}',
			at: 5,
			from: 'c1',
			id: 'once',
			position: 'e.1.t',
			previous: 'e.0.',
		},
		{ name: 'stroke', data: stroke, at: 6, position: 'e.2.t', previous: 'e.1.t' },
		{ name: 'cleared', data: undefined, at: 7, position: 'e.3.t', previous: 'e.2.t' },
	];
	const room = lobby(runtime);
	const absent = { id: undefined, from: undefined, isSnapshot: false };
	assert.deepEqual(await room.history({ last: 5 }), {
		messages: [
			{
				...absent,
				event: 'said',
				data: { text: 'hi' },
				id: 'once',
				at: 5,
				position: 'e.1.t',
				from: 'c1',
			},
			{ event: 'stroke', data: stroke, at: 6, position: 'e.2.t', ...absent },
			{ event: 'cleared', data: undefined, at: 7, position: 'e.3.t', ...absent },
		],
		position: 'e.9.t',
		gap: undefined,
	});
	await room.history();
	await room.history({ last: 1000 });
	await room.history({ since: 'e.1.t' });
	assert.deepEqual(runtime.ranges, [
		{ last: 5 },
		{ last: 20 },
		{ last: 20 },
		{ since: 'e.1.t', limit: 20 },
	]);
	await assert.rejects(room.history({ last: -1 }), TypeError);
	await assert.rejects(room.history({ last: 1, since: 'e.1.t' }), TypeError);
	await assert.rejects(room.history({ last: Symbol('x') as never }), /got: Symbol\(x\)$/);
	// They would read as a position that nothing follows.
	for (const since of [null, 42, {}] as never[]) {
		await assert.rejects(
			room.history({ since }),
			/^TypeError: `since` of history\(\) must be a po/,
		);
	}
});

test('tells why messages after a position are missing', async () => {
	const runtime = new FakeRuntime();
	const room = lobby(runtime);
	const gap = async (since: string) => (await room.history({ since })).gap;
	const name = 'said';
	runtime.entries = [{ name, data: '{"text":"9"}', at: 6, position: 'e.9.t', previous: 'e.8.t' }];
	assert.equal(await gap('e.8.t'), undefined);
	assert.equal(await gap('e.7.t'), 'trimmed');
	// Another message has the number, or another life of the channel.
	for (const since of ['e.8.other', 'f.8.t', '']) assert.equal(await gap(since), 'restarted');
	// A snapshot stands for what is missing.
	runtime.snapshot = { name, data: '{"text":"all"}', at: 5, position: 'e.8.t' };
	assert.equal(await gap('e.7.t'), undefined);
	runtime.snapshot = { name, data: '{"text":"all"}', at: 5, position: 'e.6.t' };
	assert.equal(await gap('e.5.t'), 'trimmed');
	runtime.snapshot = undefined;
	runtime.entries = [];
	assert.equal(await gap('e.9.t'), undefined);
	assert.equal(await gap('e.8.t'), 'trimmed');
});

test('keeps a snapshot, and gives it first', async () => {
	const runtime = new FakeRuntime();
	const room = lobby(runtime);
	assert.equal(await room.snapshot('said', { text: 'all' }, 'e.3.t'), true);
	const name = 'said';
	assert.deepEqual(runtime.snapshots, [
		['rooms/[room]?room=lobby', { name, data: '{"text":"all"}', upTo: 'e.3.t' }],
	]);
	runtime.snapshot = { name, data: '{"text":"all"}', at: 5, position: 'e.3.t' };
	runtime.entries = [{ name, data: '{"text":"4"}', at: 6, position: 'e.4.t', previous: 'e.3.t' }];
	const { messages } = await room.history();
	assert.deepEqual(
		messages.map(({ data, position, isSnapshot }) => [data, position, isSnapshot]),
		[
			[{ text: 'all' }, 'e.3.t', true],
			[{ text: '4' }, 'e.4.t', false],
		],
	);
});

test('refuses a snapshot that no member could be given', async () => {
	const runtime = new FakeRuntime();
	const room = lobby(runtime);
	await assert.rejects(room.snapshot('said', { text: 3 }, 'e.3.t'), { code: 'BAD_REQUEST' });
	await assert.rejects(room.snapshot('moved', { text: '' }, 'e.3.t'), /`moved` is ephemeral/);
	await assert.rejects(room.snapshot('sad', {}, 'e.3.t'), /no event `sad`/);
	for (const upTo of ['', 'e', ...([undefined, null, ['e.3.t'], Symbol()] as never[])]) {
		await assert.rejects(room.snapshot('said', { text: '' }, upTo), /`upTo`, a position/);
	}
	const keepsNothing = rooms(channelsOf(runtime, { history: undefined }));
	await assert.rejects(keepsNothing.snapshot('said', { text: '' }, 'e.3.t'), /Give it `history`/);
	assert.deepEqual(runtime.snapshots, []);
});

test('gives the members and disconnects users', async () => {
	const runtime = new FakeRuntime();
	runtime.present = [{ id: 'm1', data: { typing: true }, since: 1 }];
	const room = lobby(runtime);
	assert.deepEqual(await room.members(), runtime.present);
	await room.disconnect('ada');
	for (const id of [undefined, null, '', 42, 'x'.repeat(129)] as never[]) {
		await assert.rejects(room.disconnect(id), /^TypeError: The id of a user must be a string/);
	}
	assert.deepEqual(runtime.disconnected, [['rooms/[room]?room=lobby', 'ada']]);
});

test('knows the handler that publishes to its own channel through `channels`', async () => {
	const runtime = new FakeRuntime();
	let channels: UntypedChannels | undefined;
	const handler = async (): Promise<void> => {
		for (const room of ['lobby', 'kitchen']) {
			await rooms(channels, { room }).publish('said', { text: '' });
		}
	};
	const site = siteOf(
		{ 'rooms/[room].ts': declared({ authorize: 'users', events, messages: { say: { handler } } }) },
		runtime,
	);
	channels = createChannels(() => site);
	const sent = message('say');
	await site.definitions.get('rooms/[room]')?.handle(sent, calm());
	assert.deepEqual(
		runtime.published.map(([channel, { from }]) => [channel, from]),
		[
			['rooms/[room]?room=lobby', 'c1'],
			['rooms/[room]?room=kitchen', undefined],
		],
	);
	assert.deepEqual(sent.positions, ['e.1.t']);
});

test('sends to the user of the handler, or to the connection of a visitor', async () => {
	const runtime = new FakeRuntime();
	const sent: unknown[] = [];
	const site = siteOf(
		{
			'echo.ts': {
				default: ({ data }: { data: unknown }) => socket.send(data),
				onMessageSent: (given: unknown) => void sent.push(given),
			},
		},
		runtime,
	);
	const socket = createSocket(() => site);
	const echo = site.definitions.get('echo');
	await echo?.handle(message('message', 'hi'), calm());
	const visitor = member({ user: undefined });
	await echo?.handle(message('message', { a: 1 }, visitor), calm());
	await runtime.idle();
	assert.deepEqual(runtime.inbox, [['ada', '"hi"']]);
	assert.deepEqual(visitor.connection.events, [['message', '{"a":1}']]);
	assert.deepEqual(sent, [
		{ data: 'hi', users: ['ada'] },
		{ data: { a: 1 }, connections: ['c1'] },
	]);
	await assert.rejects(socket.send('hi'), {
		message:
			'socket.send() works inside of a handler. Name the users elsewhere: socket.to([…]).send()',
	});
});

test('reports a message to the user of the handler that failed, and that nobody waited for', async () => {
	const runtime = new FakeRuntime();
	runtime.unreachable.add('ada');
	const echo = ({ data }: { data: unknown }): void => void socket.send(data);
	const site = siteOf({ 'echo.ts': { default: echo } }, runtime);
	const socket = createSocket(() => site);
	// An unhandled rejection would fail this test.
	await site.definitions.get('echo')?.handle(message('message', 'hi'), calm());
	await runtime.idle();
	assert.match(String(runtime.reports[0]?.[1]), /no way to ada/);
});

test('sends to up to 100 users, each once', async () => {
	const runtime = new FakeRuntime();
	const sent: unknown[] = [];
	const site = siteOf(
		{ '_middleware.ts': { onMessageSent: (given: unknown) => void sent.push(given) } },
		runtime,
	);
	const socket = createSocket(() => site);
	const bytes = new Uint8Array(2);
	await socket.to(['ada', 'grace', 'ada']).send({ a: 1 });
	await socket.to('ada').send(bytes);
	await runtime.idle();
	assert.deepEqual(runtime.inbox, [
		['ada', '{"a":1}'],
		['grace', '{"a":1}'],
		['ada', bytes],
	]);
	assert.deepEqual(sent, [
		{ data: { a: 1 }, users: ['ada', 'grace'] },
		{ data: bytes, users: ['ada'] },
	]);
	const users = Array.from({ length: 101 }, (_, index) => `user${index}`);
	await socket.to(users.slice(1)).send(1);
	assert.equal(runtime.inbox.length, 103);
	assert.equal(runtime.mostAtOnce, 6);
	assert.throws(() => socket.to(users), /at most 100 users, got 101/);
	assert.throws(() => socket.to(['']), /must be a string of 1 to 128 characters/);
	for (const nobody of [undefined, null, 3, 3n, [3], [undefined], new Array(1)] as never[]) {
		assert.throws(() => socket.to(nobody), /^TypeError: The id of a user must be a string/);
	}
});

test('tells of a message to users that failed, and that nobody waited for', async () => {
	const runtime = new FakeRuntime();
	runtime.unreachable.add('ada');
	const socket = createSocket(() => siteOf({}, runtime));
	// An unhandled rejection would fail this test.
	void socket.to('ada').send(1);
	for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
	await runtime.idle();
	assert.match(String(runtime.reports[0]?.[1]), /no way to ada/);
	assert.equal(runtime.reports.length, 1);
});

test('sends to the others where one user cannot be reached', async () => {
	const runtime = new FakeRuntime();
	runtime.unreachable.add('ada').add('linus');
	const socket = createSocket(() => siteOf({}, runtime));
	await assert.rejects(socket.to(['ada', 'grace']).send(1), {
		message: 'no way to ada',
		failed: ['ada'],
	});
	assert.deepEqual(runtime.inbox, [['grace', '1']]);
	await assert.rejects(socket.to(['ada', 'grace', 'linus']).send(1), {
		name: 'AggregateError',
		failed: ['ada', 'linus'],
	});
});

test('tells whether a user is online', async () => {
	const socket = createSocket(() => siteOf({}));
	assert.equal(await socket.isOnline('ada'), true);
	assert.equal(await socket.isOnline('grace'), false);
	await assert.rejects(socket.isOnline(''), TypeError);
});
