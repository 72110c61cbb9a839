import assert from 'node:assert/strict';
import { test } from 'node:test';
import { calm, FakeRuntime, handle, member, message, siteOf, UNSET } from './define.fixture.ts';
import type { ChannelDefinition } from './definition.ts';

/** The channel of `echo.ts` with these exports. */
function echo(
	module: Readonly<Record<string, unknown>>,
	runtime: FakeRuntime = new FakeRuntime(),
): ChannelDefinition {
	const definition = siteOf({ 'echo.ts': module }, runtime).definitions.get('echo');
	assert(definition !== undefined);
	return definition;
}

test('hands the message to the default function, and returns its result', async () => {
	const definition = echo({
		default: ({ connection, data, requestId, user }: Record<string, { id?: string }>) => ({
			connection: connection?.id,
			data,
			requestId,
			user,
		}),
	});
	assert.equal(definition.form, 'short');
	assert.equal(definition.timeout, 30_000);
	const result = await handle(definition, message('message', { text: 'hi' }), calm());
	assert.deepEqual(JSON.parse(String(result)), {
		connection: 'c1',
		data: { text: 'hi' },
		requestId: 'r1',
		user: { id: 'ada' },
	});
	await assert.rejects(handle(definition, message('other'), calm()), { code: 'NOT_FOUND' });
});

test('admits visitors and users', async () => {
	const definition = echo({ default() {} });
	const refused = await definition.authorize({ user: undefined, params: {} });
	assert.deepEqual(refused, { history: true });
});

test('reads messages as `config.type` says', async () => {
	const bytes = new Uint8Array([0x68, 0x69]);
	const cases = [
		['json', '{"a":1}', { a: 1 }],
		['json', bytes.slice(0, 0), undefined],
		['json', '['.repeat(40), undefined],
		['string', 'hi', 'hi'],
		['string', bytes, 'hi'],
		['string', new Uint8Array([0xff]), undefined],
		['binary', 'hi', bytes],
		['binary', bytes, bytes],
	] as const;
	for (const [type, given, expected] of cases) {
		const definition = echo({ default() {}, config: { type, timeout: 5 } });
		assert.equal(definition.timeout, 5000);
		const read = () => definition.readPlain?.(given);
		if (expected === undefined) assert.throws(read, { code: 'BAD_REQUEST' });
		else assert.deepEqual(read(), expected, type);
	}
});

test('refuses data that are not of the type', async () => {
	const cases = [
		['json', new Uint8Array(1)],
		['string', { a: 1 }],
		['binary', 'text'],
	] as const;
	for (const [type, data] of cases) {
		const definition = echo({ default() {}, config: { type } });
		await assert.rejects(handle(definition, message('message', data), calm()), {
			code: 'BAD_REQUEST',
		});
	}
});

test("hands over bytes in the runtime's own form", async () => {
	const runtime = Object.assign(new FakeRuntime(), {
		bytes: (data: Uint8Array) => Buffer.from(data),
	});
	const seen: unknown[] = [];
	const handler = ({ data }: { data: unknown }): void => void seen.push(Buffer.isBuffer(data));
	const definition = echo({ default: handler, config: { type: 'binary' } }, runtime);
	await handle(definition, message('message', new Uint8Array(1)), calm());
	assert.deepEqual(seen, [true]);
});

test('logs messages and errors by default, and tells the sender of a failure', async () => {
	const runtime = new FakeRuntime();
	const definition = echo({ default: () => assert.fail('no') }, runtime);
	await assert.rejects(handle(definition, message('message', 1), calm()), {
		code: 'INTERNAL_SERVER_ERROR',
		message: 'The server failed.',
	});
	await runtime.idle();
	assert.deepEqual(runtime.logs, ['Message to channel `echo` (r1) from connection c1']);
	assert.deepEqual(
		runtime.reports.map(([text]) => text),
		['Message to channel `echo` (r1) failed.'],
	);
});

test('publishes to everyone who is connected', async () => {
	const runtime = new FakeRuntime();
	const channel = echo({ default() {} }, runtime).open({});
	assert.equal(await (channel as { publish(data: unknown): unknown }).publish({ a: 1 }), 'e.1.t');
	await channel.disconnect('ada');
	assert.deepEqual(runtime.published, [
		['echo?', { name: 'message', data: '{"a":1}', isEphemeral: false, ...UNSET }],
	]);
	assert.deepEqual(runtime.disconnected, [['echo?', 'ada']]);
});

test('sends to a connection', async () => {
	const who = member();
	type Given = { connection: { send(event: string, data: unknown): Promise<void> } };
	const definition = echo({ default: ({ connection }: Given) => connection.send('message', [1]) });
	await handle(definition, message('message', 1, who), calm());
	assert.deepEqual(who.connection.events, [['message', '[1]']]);
});
