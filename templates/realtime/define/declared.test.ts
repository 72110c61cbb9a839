import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandlerDeadline } from '../channel/handler-deadline.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { ChannelHandle } from './api/channel-handle.ts';
import { binary } from './data/binary.ts';
import {
	calm,
	type FakeMember,
	FakeRuntime,
	handle,
	member,
	message,
	room,
	schema,
	text,
	UNSET,
} from './define.fixture.ts';

/** How the core ends the time of a handler. */
const LATE = new RealtimeError({ code: 'TIMEOUT' });

interface Context {
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
	readonly channel: ChannelHandle;
	readonly connection: {
		readonly id: string;
		data: unknown;
		send(event: string, data?: unknown): Promise<void>;
	};
	readonly signal: AbortSignal;
	readonly requestId: string;
}

/** The channel with one message `say`, which is handled so. */
function saying(
	handler: (data: never, context: Context) => unknown,
	options: object = {},
	runtime: FakeRuntime = new FakeRuntime(),
) {
	return room(
		{ messages: { say: { input: text, handler } }, events: { said: text }, ...options },
		runtime,
	);
}

const never = (): Promise<never> => new Promise(() => {});

test('hands the parsed data and the context to the handler, and returns its result as JSON', async () => {
	const definition = saying(async (data, { user, params, connection, requestId, signal }) => ({
		data,
		user,
		params,
		connection: connection.id,
		requestId,
		isAborted: signal.aborted,
	}));
	const result = await handle(definition, message('say', { text: 'hi', extra: 1 }), calm());
	assert.deepEqual(JSON.parse(String(result)), {
		data: { text: 'hi' },
		user: { id: 'ada' },
		params: { room: 'lobby' },
		connection: 'c1',
		requestId: 'r1',
		isAborted: false,
	});
});

test('hands nothing to a handler of a message without a schema', async () => {
	const seen: unknown[] = [];
	const definition = room(
		{ messages: { wave: { handler: (data: unknown) => void seen.push(data) } } },
		new FakeRuntime(),
	);
	assert.equal(await handle(definition, message('wave', { evil: true }), calm()), undefined);
	assert.deepEqual(seen, [undefined]);
});

test('takes and returns bytes', async () => {
	const definition = room(
		{ messages: { draw: { input: binary({ max: 3 }), handler: (bytes: Uint8Array) => bytes } } },
		new FakeRuntime(),
	);
	const bytes = new Uint8Array([1, 2, 3]);
	const result = await handle(definition, message('draw', bytes), calm());
	assert.deepEqual(result, bytes);
	// The answer may wait for what the handler published, and the handler may use its buffer again.
	assert.notEqual(result, bytes);
	await assert.rejects(handle(definition, message('draw', new Uint8Array(4)), calm()), {
		code: 'BAD_REQUEST',
		message: 'The data of `draw` does not match its schema: Expected at most 3 bytes, got 4',
	});
	await assert.rejects(handle(definition, message('draw', 'abc'), calm()), { isInputError: true });
});

test('refuses data that do not match, names the field, and reports nothing', async () => {
	const runtime = new FakeRuntime();
	const definition = saying(() => {}, {}, runtime);
	await assert.rejects(handle(definition, message('say', { text: 3 }), calm()), {
		name: 'RealtimeError',
		code: 'BAD_REQUEST',
		message: 'The data of `say` does not match its schema: text: expected a text',
		fields: { text: ['expected a text'] },
		isInputError: true,
	});
	await runtime.idle();
	assert.deepEqual(runtime.reports, []);
});

test('names the place of the first issue, and the field of each', async () => {
	const issues = [
		{ path: ['items', { key: 0 }, 'price'], message: 'not a number' },
		{ path: ['items'], message: 'too few' },
		{ message: 'wrong' },
	];
	const failing = (found: readonly object[]) => ({
		'~standard': { version: 1, vendor: 'test', validate: () => ({ issues: found }) },
	});
	for (const [found, reason] of [
		[issues, 'items.0.price: not a number'],
		[issues.slice(2), 'wrong'],
		[[], 'no reason'],
	] as const) {
		const messages = { say: { input: failing(found), handler: () => {} } };
		await assert.rejects(handle(room({ messages }, new FakeRuntime()), message('say'), calm()), {
			message: `The data of \`say\` does not match its schema: ${reason}`,
			fields: found === issues ? { items: ['not a number', 'too few'] } : {},
		});
	}
});

test('refuses messages that the channel does not have, also those of Object', async () => {
	const runtime = new FakeRuntime();
	runtime.isDevelopment = false;
	const definition = saying(() => {}, {}, runtime);
	for (const name of ['shout', 'constructor', '__proto__', '']) {
		await assert.rejects(handle(definition, message(name), calm()), {
			code: 'NOT_FOUND',
			message: `The channel has no message \`${name}\`.`,
		});
	}
	runtime.isDevelopment = true;
	await assert.rejects(handle(definition, message('sai'), calm()), /Did you mean `say`\?/);
});

test('passes a RealtimeError of a handler to the sender, also of another instance of the class', async () => {
	const thrown = new RealtimeError({ code: 'CONFLICT', message: 'taken', retryAfter: 5 });
	const foreign = Object.assign(new Error('taken'), {
		name: 'RealtimeError',
		code: 'CONFLICT',
		retryAfter: 5,
	});
	for (const error of [thrown, foreign]) {
		const definition = saying(() => {
			throw error;
		});
		const handled = handle(definition, message('say', { text: '' }), calm());
		await assert.rejects(handled, (rejected) => {
			assert(rejected instanceof RealtimeError);
			assert.deepEqual(
				[rejected.code, rejected.message, rejected.retryAfter],
				['CONFLICT', 'taken', 5],
			);
			return true;
		});
	}
});

test('hides other errors from the sender and reports them', async () => {
	const runtime = new FakeRuntime();
	const error = new Error('the password is 1234');
	const definition = saying(
		() => {
			throw error;
		},
		{},
		runtime,
	);
	await assert.rejects(handle(definition, message('say', { text: '' }), calm()), {
		code: 'INTERNAL_SERVER_ERROR',
		message: 'The server failed.',
	});
	await runtime.idle();
	assert.deepEqual(runtime.reports, [['Message `say` to channel `rooms` (r1) failed.', error]]);
});

test('reports a schema that throws', async () => {
	const runtime = new FakeRuntime();
	const broken = {
		'~standard': { version: 1, vendor: 'x', validate: () => assert.fail('broken') },
	};
	const definition = room({ messages: { say: { input: broken, handler() {} } } }, runtime);
	await assert.rejects(handle(definition, message('say'), calm()), {
		code: 'INTERNAL_SERVER_ERROR',
	});
	await runtime.idle();
	assert.equal(runtime.reports.length, 1);
});

test('ends with TIMEOUT when the signal is aborted, and tells the handler', async () => {
	const runtime = new FakeRuntime();
	const signals: AbortSignal[] = [];
	const hanging = (_: unknown, { signal }: Context): Promise<never> => {
		signals.push(signal);
		return never();
	};
	const deadline = new HandlerDeadline();
	const handled = handle(saying(hanging, {}, runtime), message('say', { text: '' }), deadline);
	await new Promise(setImmediate);
	deadline.end(LATE);
	await assert.rejects(handled, LATE);
	assert.equal(signals[0]?.aborted, true);
	await runtime.idle();
	assert.equal(runtime.reports.length, 1);
});

test('reports nothing where the signal is aborted with a RealtimeError', async () => {
	const runtime = new FakeRuntime();
	const deadline = new HandlerDeadline();
	const definition = saying(never, {}, runtime);
	const handled = handle(definition, message('say', { text: '' }), deadline);
	deadline.end(new RealtimeError({ code: 'CLOSED' }));
	await assert.rejects(handled, { code: 'CLOSED' });
	await runtime.idle();
	assert.deepEqual(runtime.reports, []);
});

test('ends with TIMEOUT where a schema never resolves, and does not start the handler', async () => {
	let calls = 0;
	let answer = (): void => {};
	const slow = schema(
		() =>
			new Promise((resolve) => {
				answer = () => resolve('late');
			}),
	);
	const definition = room(
		{ messages: { say: { input: slow, handler: () => calls++ } } },
		new FakeRuntime(),
	);
	const deadline = new HandlerDeadline();
	const handled = handle(definition, message('say', ''), deadline);
	await new Promise(setImmediate);
	deadline.end(LATE);
	await assert.rejects(handled, LATE);
	answer();
	await new Promise(setImmediate);
	assert.equal(calls, 0);
});

test('drops the error of a handler that fails after its time', async () => {
	let fail = (_: Error): void => {};
	const definition = saying(
		() =>
			new Promise((_, reject) => {
				fail = reject;
			}),
	);
	const deadline = new HandlerDeadline();
	const handled = handle(definition, message('say', { text: '' }), deadline);
	await new Promise(setImmediate);
	deadline.end(LATE);
	await assert.rejects(handled, LATE);
	// An unhandled rejection would fail this test.
	fail(new Error('late'));
	await new Promise(setImmediate);
});

test('rejects a result that JSON cannot hold', async () => {
	const runtime = new FakeRuntime();
	const definition = saying(() => ({ id: 1n }), {}, runtime);
	await assert.rejects(handle(definition, message('say', { text: '' }), calm()), {
		code: 'INTERNAL_SERVER_ERROR',
	});
	await runtime.idle();
	assert.match(String(runtime.reports[0]?.[1]), /The result of `say` cannot be written as JSON/);
});

test('publishes to its channel as the connection, and tells the position', async () => {
	const runtime = new FakeRuntime();
	const definition = saying(
		async ({ text: said }, { channel }) => channel.publish('said', { text: said, secret: 1 }),
		{},
		runtime,
	);
	const sent = message('say', { text: 'hi' });
	assert.equal(await handle(definition, sent, calm()), '"e.1.t"');
	assert.deepEqual(runtime.published, [
		[
			'rooms/[room]?room=lobby',
			{ name: 'said', data: '{"text":"hi"}', isEphemeral: false, ...UNSET, from: 'c1' },
		],
	]);
	assert.deepEqual(sent.positions, ['e.1.t']);
});

test('hides from the sender that the server published wrong data', async () => {
	const runtime = new FakeRuntime();
	const definition = saying((_, { channel }) => channel.publish('said', { text: 3 }), {}, runtime);
	await assert.rejects(handle(definition, message('say', { text: '' }), calm()), {
		code: 'INTERNAL_SERVER_ERROR',
		isInputError: false,
	});
	await runtime.idle();
	const [, error] = runtime.reports[0] ?? [];
	assert.match(
		String(error),
		/The data of `said` does not match its schema: text: expected a text/,
	);
	assert.deepEqual(runtime.published, []);
});

test('waits for publishes that the handler did not wait for', async () => {
	const definition = saying((_, { channel }) => {
		void channel.publish('said', { text: 'one' });
		void channel.publish('said', { text: 'two' });
	});
	const sent = message('say', { text: '' });
	await handle(definition, sent, calm());
	assert.deepEqual(sent.positions, ['e.1.t', 'e.2.t']);
});

test('reports a publish that failed and that the handler did not wait for', async () => {
	const runtime = new FakeRuntime();
	const definition = saying(
		(_, { channel }) => {
			void channel.publish('said', { text: 3 });
			return 'done';
		},
		{},
		runtime,
	);
	const sent = message('say', { text: '' });
	assert.equal(await handle(definition, sent, calm()), '"done"');
	await runtime.idle();
	const [[place, error] = []] = runtime.reports;
	assert.match(String(place), /^Message `say` to channel/);
	assert.match(
		String(error),
		/The data of `said` does not match its schema: text: expected a text/,
	);
});

test('reports what fails of a handler that did not wait for it, whatever became of the handler', async () => {
	const runtime = new FakeRuntime();
	const wrong = { text: 3 };
	let late = (): void => {};
	const definition = saying(
		({ text: how }, { channel, connection }) => {
			// An unhandled rejection would fail this test.
			if (how === 'send') void connection.send('said', wrong);
			else if (how !== 'late') void channel.publish('said', wrong);
			late = () => void channel.publish('said', wrong);
			if (how === 'throw') throw new Error('The handler fails too.');
			return how === 'hang' ? never() : undefined;
		},
		{},
		runtime,
	);
	const told = async (how: string): Promise<readonly unknown[]> => {
		runtime.reports.length = 0;
		const deadline = new HandlerDeadline();
		const handled = handle(definition, message('say', { text: how }), deadline);
		handled.catch(() => {});
		await new Promise(setImmediate);
		if (how === 'hang') deadline.end(LATE);
		if (how === 'late') late();
		await new Promise(setImmediate);
		await runtime.idle();
		assert.ok(runtime.reports.every(([place]) => place.startsWith('Message `say` to channel')));
		return runtime.reports.map(([, error]) => (error as Error).message);
	};
	const failed = 'The data of `said` does not match its schema: text: expected a text';
	assert.deepEqual(await told('publish'), [failed]);
	assert.deepEqual(await told('send'), [failed]);
	assert.deepEqual(await told('late'), [failed]);
	assert.deepEqual(await told('throw'), [failed, 'The handler fails too.']);
	assert.deepEqual(await told('hang'), [failed, 'TIMEOUT']);
});

test('reports once what a handler waited for', async () => {
	const runtime = new FakeRuntime();
	const definition = saying(
		async (_, { channel }) => await channel.publish('said', { text: 3 }),
		{},
		runtime,
	);
	await assert.rejects(handle(definition, message('say', { text: '' }), calm()));
	await new Promise(setImmediate);
	await runtime.idle();
	assert.equal(runtime.reports.length, 1);
});

test('reports what fails of onJoin and onLeave that did not wait for it', async () => {
	const runtime = new FakeRuntime();
	const said = ({ channel, connection }: Context): void => {
		// An unhandled rejection would fail this test.
		void channel.publish('said', { text: 3 });
		void connection.send('said', { text: 3 });
	};
	const definition = room({ events: { said: text }, onJoin: said, onLeave: said }, runtime);
	for (const hook of ['onJoin', 'onLeave'] as const) {
		await definition[hook](member());
		await runtime.idle();
		const place = 'The channel `rooms/[room]` failed.';
		assert.deepEqual(
			runtime.reports.splice(0).map(([given]) => given),
			[place, place],
		);
	}
});

test('keeps nothing of the data of a connection that a handler changed after its time', async () => {
	let go = (): void => {};
	const definition = saying(async ({ text: value }, { connection }) => {
		if (value === 'slow') {
			await new Promise<void>((resolve) => {
				go = resolve;
			});
		}
		connection.data = value;
	});
	const who = member();
	const deadline = new HandlerDeadline();
	const slow = handle(definition, message('say', { text: 'slow' }, who), deadline);
	await new Promise(setImmediate);
	deadline.end(LATE);
	await assert.rejects(slow, LATE);
	await handle(definition, message('say', { text: 'quick' }, who), calm());
	go();
	await new Promise(setImmediate);
	assert.equal(who.connection.data, 'quick');
});

test('reads a parameter that the file does not have: an error in dev', async () => {
	const runtime = new FakeRuntime();
	const definition = saying((_, { params }) => params.rom ?? 'none', {}, runtime);
	const sent = message('say', { text: '' });
	await assert.rejects(handle(definition, sent, calm()), { code: 'INTERNAL_SERVER_ERROR' });
	await runtime.idle();
	assert.match(
		String(runtime.reports[0]?.[1]),
		/The channel `rooms\/\[room\]` has no parameter `rom`\. Did you mean `room`\?/,
	);
	runtime.isDevelopment = false;
	assert.equal(await handle(definition, sent, calm()), '"none"');
});

test('keeps the data of a connection from message to message', async () => {
	const definition = saying(
		(_, { connection }) => {
			const data = connection.data as { count: number };
			data.count += 1;
			return data.count;
		},
		{ data: () => ({ count: 0 }) },
	);
	const who = member();
	assert.equal(await handle(definition, message('say', { text: '' }, who), calm()), '1');
	assert.equal(await handle(definition, message('say', { text: '' }, who), calm()), '2');
	assert.deepEqual(who.connection.data, { count: 2 });
});

test('fails where the data of a connection grow above 8 KB', async () => {
	const runtime = new FakeRuntime();
	const definition = saying(
		(_, { connection }) => {
			(connection.data as string[]).push('x'.repeat(9000));
		},
		{ data: () => [] },
		runtime,
	);
	const who = member();
	await assert.rejects(handle(definition, message('say', { text: '' }, who), calm()), {
		code: 'CONTENT_TOO_LARGE',
		message: '`connection.data` is larger than 8 KB.',
	});
	assert.equal(who.connection.data, undefined);
});

test('sends a parsed event to one connection', async () => {
	const definition = saying(async (_, { connection }) => {
		await connection.send('said', { text: 'to you', secret: 1 });
	});
	const who = member();
	await handle(definition, message('say', { text: '' }, who), calm());
	assert.deepEqual(who.connection.events, [['said', '{"text":"to you"}']]);
});

for (const [authorize, anonymous, user, visitor] of [
	['anyone', undefined, true, true],
	['users', undefined, true, undefined],
	[() => true, undefined, true, undefined],
	[() => true, true, true, true],
	[() => false, true, undefined, undefined],
	[async () => ({ history: false }), undefined, false, undefined],
	[() => ({ history: true }), true, true, true],
	[() => undefined, true, undefined, undefined],
] as const) {
	test(`admits by authorize: ${authorize}, anonymous: ${anonymous}`, async () => {
		const runtime = new FakeRuntime();
		const options = { authorize, ...(anonymous && { anonymous }) };
		const definition = room(options, runtime);
		const params = { room: 'lobby' };
		const answer = (history: boolean | undefined) =>
			history === undefined ? undefined : { history };
		assert.deepEqual(await definition.authorize({ user: { id: 'ada' }, params }), answer(user));
		assert.deepEqual(await definition.authorize({ user: undefined, params }), answer(visitor));
		await runtime.idle();
		assert.deepEqual(runtime.reports, []);
	});
}

test('logs why a join is refused, in dev alone', async () => {
	const runtime = new FakeRuntime();
	const params = { room: 'lobby' };
	const refuse = async (options: object, user?: { readonly id: string }): Promise<void> => {
		assert.equal(await room(options, runtime).authorize({ user, params }), undefined);
	};
	await refuse({ authorize: 'users' });
	await refuse({ authorize: () => false }, { id: 'ada\n' });
	await refuse({ authorize: () => false, anonymous: true });
	assert.deepEqual(runtime.logs, [
		'A join of `src/realtime/rooms/[room]` is refused: `authenticate` of a `_middleware.ts` gave no user.',
		'A join of `src/realtime/rooms/[room]` is refused: `authorize` refuses the user "ada\\n".',
		'A join of `src/realtime/rooms/[room]` is refused: `authorize` refuses a visitor.',
	]);
	runtime.isDevelopment = false;
	await refuse({ authorize: 'users' });
	assert.equal(runtime.logs.length, 3);
});

test('refuses and reports where authorize throws, hangs, or gives something else', async () => {
	const params = { room: 'lobby' };
	const user = { id: 'ada' };
	const code = 'INTERNAL_SERVER_ERROR';
	const cases: [authorize: () => unknown, reported: RegExp, code: string][] = [
		[() => assert.fail('no database'), /no database/, code],
		[never, /`authorize` took too long/, 'TIMEOUT'],
		[() => ({ id: 3 }), /must give true, false/, code],
		[() => 'yes', /must give true, false/, code],
	];
	for (const [authorize, reported, code] of cases) {
		const runtime = new FakeRuntime();
		const answer = room({ authorize }, runtime).authorize({ user, params });
		const refused = assert.rejects(answer, { name: 'RealtimeError', code });
		await new Promise(setImmediate);
		runtime.ring();
		await refused;
		await runtime.idle();
		assert.match(String(runtime.reports[0]?.[0]), /^The channel `rooms\/\[room\]` failed/);
		assert.match(String(runtime.reports[0]?.[1]), reported);
		assert.equal(runtime.alarmCount, 0);
	}
});

test('refuses with the error that authorize throws for the client', async () => {
	const runtime = new FakeRuntime();
	const error = new RealtimeError({ code: 'FORBIDDEN', message: 'Your plan has ended.' });
	const authorize = (): never => {
		throw error;
	};
	const params = { room: 'lobby' };
	const answer = room({ authorize }, runtime).authorize({ user: { id: 'ada' }, params });
	await assert.rejects(answer, error);
	await runtime.idle();
	assert.deepEqual(runtime.reports, []);
});

test('adds what the server says to the data of a member', async () => {
	const { presence } = room(
		{
			presence: {
				schema: text,
				server: async ({ user, params }: Context) => ({
					name: user?.id,
					in: params.room,
					text: 'x',
				}),
			},
		},
		new FakeRuntime(),
	);
	assert.equal(presence?.of, 'user');
	assert.deepEqual(await presence?.parse({ text: 'hi', admin: true }, member()), {
		name: 'ada',
		in: 'lobby',
		text: 'x',
	});
});

test('keeps nothing that a member says where presence has no schema', async () => {
	const { presence } = room({ presence: { of: 'connection' } }, new FakeRuntime());
	assert.deepEqual(await presence?.parse({ admin: true }, member()), {});
});

test('refuses the data of a member that do not match, are too large, or take too long', async () => {
	const runtime = new FakeRuntime();
	const { presence } = room({ presence: { schema: text } }, runtime);
	await assert.rejects(async () => presence?.parse({ text: 3 }, member()), { isInputError: true });
	await assert.rejects(async () => presence?.parse({ text: 'x'.repeat(5000) }, member()), {
		code: 'CONTENT_TOO_LARGE',
	});
	await runtime.idle();
	assert.deepEqual(runtime.reports, []);
	const slow = room({ presence: { schema: schema(never) } }, runtime);
	const parsed = slow.presence?.parse({}, member());
	await new Promise(setImmediate);
	runtime.ring();
	await assert.rejects(async () => parsed, { code: 'TIMEOUT' });
	await runtime.idle();
	assert.equal(runtime.reports.length, 1);
});

test('refuses a member whose data the server makes larger than 8 KB, and reports it', async () => {
	const runtime = new FakeRuntime();
	let name = '';
	const { presence } = room({ presence: { schema: text, server: () => ({ name }) } }, runtime);
	const given = { text: 'x'.repeat(4000) };
	name = 'y'.repeat(4000);
	assert.deepEqual(await presence?.parse(given, member()), { ...given, name });
	name = 'y'.repeat(5000);
	await assert.rejects(async () => presence?.parse(given, member()), {
		code: 'INTERNAL_SERVER_ERROR',
	});
	await runtime.idle();
	assert.match(String(runtime.reports[0]?.[1]), /The presence data is larger than 8 KB/);
});

test('refuses a member of whom the server never says anything, and reports it', async () => {
	const runtime = new FakeRuntime();
	const { presence } = room({ presence: { server: never } }, runtime);
	const parsed = presence?.parse(undefined, member());
	await new Promise(setImmediate);
	runtime.ring();
	await assert.rejects(async () => parsed, { code: 'TIMEOUT' });
	await runtime.idle();
	assert.equal(runtime.reports.length, 1);
});

test('calls onJoin and onLeave with a channel, and reports their errors', async () => {
	const runtime = new FakeRuntime();
	const said =
		(what: string) =>
		async ({ channel, user, connection }: Context): Promise<void> => {
			connection.data = { what };
			await channel.publish('said', { text: `${user?.id} ${what}` });
		};
	const definition = room(
		{ events: { said: text }, onJoin: said('joined'), onLeave: said('left') },
		runtime,
	);
	const who: FakeMember = member();
	await definition.onJoin(who);
	assert.deepEqual(who.connection.data, { what: 'joined' });
	await definition.onLeave(who);
	assert.deepEqual(
		runtime.published.map(([, { data, from }]) => [data, from]),
		[
			['{"text":"ada joined"}', 'c1'],
			['{"text":"ada left"}', 'c1'],
		],
	);
	const failing = room({ onJoin: () => assert.fail('no'), onLeave: never }, runtime);
	await failing.onJoin(who);
	const left = failing.onLeave(who);
	await new Promise(setImmediate);
	runtime.ring();
	await left;
	await runtime.idle();
	assert.equal(runtime.reports.length, 2);
});
