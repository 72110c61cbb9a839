import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelHandle } from '../api/channel-handle.ts';
import { calm, declared, FakeRuntime, handle, message, siteOf, text } from '../define.fixture.ts';

const failing = { handler: () => assert.fail('no') };

/** Handles a message that fails, in a channel of this file. */
async function fail(
	modules: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
	file = 'teams/[team]/rooms',
): Promise<FakeRuntime> {
	const runtime = new FakeRuntime();
	const definition = siteOf(modules, runtime).definitions.get(file);
	assert(definition !== undefined);
	const name = definition.form === 'short' ? 'message' : 'say';
	await assert.rejects(handle(definition, message(name), calm()));
	await runtime.idle();
	return runtime;
}

test('calls the most specific hook alone', async () => {
	const calls: string[] = [];
	const hook = (name: string) => ({ onError: () => void calls.push(name) });
	const options = { authorize: 'users', messages: { say: failing } };
	const file = 'teams/[team]/rooms.ts';
	const modules = {
		[file]: declared({ ...options, ...hook('own') }),
		'teams/[team]/_middleware.ts': hook('folder'),
		'teams/_middleware.ts': hook('above'),
		'rooms/_middleware.ts': hook('elsewhere'),
		'_middleware.ts': hook('root'),
	};
	await fail(modules);
	const own = declared(options);
	await fail({ ...modules, [file]: own });
	await fail({ ...modules, [file]: own, 'teams/[team]/_middleware.ts': {} });
	const outer = { ...modules, [file]: own, 'teams/[team]/_middleware.ts': {} };
	await fail({ ...outer, 'teams/_middleware.ts': {} });
	assert.deepEqual(calls, ['own', 'folder', 'above', 'root']);
});

test('applies the middleware of its own folder to an index file', async () => {
	const calls: string[] = [];
	const modules = {
		'rooms/index.ts': { default: failing.handler },
		'rooms/_middleware.ts': { onError: () => void calls.push('rooms') },
	};
	await fail(modules, 'rooms');
	assert.deepEqual(calls, ['rooms']);
});

test('switches a hook off with null', async () => {
	const options = { authorize: 'users', messages: { say: failing }, onError: null };
	const modules = { 'teams/[team]/rooms.ts': declared(options) };
	assert.deepEqual((await fail(modules)).reports, []);
	const short = { 'chat.ts': { default: failing.handler, onMessageReceived: null } };
	const runtime = await fail(short, 'chat');
	assert.deepEqual(runtime.logs, []);
	assert.equal(runtime.reports.length, 1);
});

test('logs no received messages of a declared channel by default', async () => {
	const options = { authorize: 'users', messages: { say: failing } };
	const runtime = await fail({ 'teams/[team]/rooms.ts': declared(options) });
	assert.deepEqual(runtime.logs, []);
	assert.equal(runtime.reports.length, 1);
});

test('gives a hook the message, and the error that the handler threw', async () => {
	const calls: unknown[] = [];
	await fail({
		'teams/[team]/rooms.ts': declared({
			authorize: 'users',
			messages: { say: failing },
			onMessageReceived: ({ name, channel, user }: Record<string, unknown>) =>
				void calls.push({ name, channel, user }),
			onError: (error: Error, { requestId, params }: Record<string, unknown>) =>
				void calls.push([error.message, requestId, params]),
		}),
	});
	assert.deepEqual(calls, [
		{ name: 'say', channel: 'teams/rooms', user: { id: 'ada' } },
		['no', 'r1', { room: 'lobby' }],
	]);
});

test('tells onMessageSent of each publish', async () => {
	const calls: unknown[] = [];
	const runtime = new FakeRuntime();
	const site = siteOf(
		{
			'chat.ts': declared({
				authorize: 'users',
				events: { said: text },
				onMessageSent: (sent: unknown) => void calls.push(sent),
			}),
		},
		runtime,
	);
	const chat = site.definitions.get('chat')?.open({}) as ChannelHandle;
	await chat.publish('said', { text: 'hi' });
	await assert.rejects(chat.publish('said', {}));
	await runtime.idle();
	assert.deepEqual(calls, [{ event: 'said', data: { text: 'hi' }, channel: 'chat' }]);
});

test('tells onMessageSent of an event to one connection', async () => {
	const calls: unknown[] = [];
	const runtime = new FakeRuntime();
	type Given = { connection: { send(event: string, data: unknown): Promise<void> } };
	const handler = (_: unknown, { connection }: Given) => connection.send('said', { text: 'hi' });
	const onMessageSent = (sent: unknown): void => void calls.push(sent);
	const options = { authorize: 'users', events: { said: text }, messages: { say: { handler } } };
	const site = siteOf({ 'chat.ts': declared({ ...options, onMessageSent }) }, runtime);
	await site.definitions.get('chat')?.handle(message('say'), calm());
	await runtime.idle();
	assert.deepEqual(calls, [
		{ event: 'said', data: { text: 'hi' }, channel: 'chat', connections: ['c1'] },
	]);
});

test('reports a hook that fails', async () => {
	const runtime = await fail({
		'teams/[team]/rooms.ts': declared({
			authorize: 'users',
			messages: { say: failing },
			onMessageReceived: async () => assert.fail('hook'),
		}),
	});
	const hook = runtime.reports.find(([report]) => report.includes('onMessageReceived'));
	assert.equal(hook?.[0], 'The hook `onMessageReceived` failed.');
});
