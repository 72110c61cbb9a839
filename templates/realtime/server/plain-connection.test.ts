import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled } from '../channel/channel.fixture.ts';
import type { ChannelHandle } from '../define/api/channel-handle.ts';
import { defineChannel } from '../define/api/define-channel.ts';
import { RealtimeError } from '../protocol/errors.ts';
import type { PlainConnection } from './plain-connection.ts';
import { type FakeSocket, type Files, Stage } from './server.fixture.ts';
import { targetAt } from './targets.ts';

const anything = {
	'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
};

const FILES: Files = {
	'rooms/[room]': {
		default: defineChannel({
			authorize: 'anyone',
			messages: {
				say: {
					input: anything,
					handler: async (data: unknown, { channel }: { channel: ChannelHandle }) => {
						await channel.publish('said', data);
						return 'heard';
					},
				},
				fail: {
					handler: () => {
						throw new RealtimeError({ code: 'CONFLICT', message: 'No.' });
					},
				},
			},
			events: { said: anything },
		} as never),
	},
	'rooms/fixed': { default: defineChannel({ authorize: 'anyone', messages: {} } as never) },
	'users/[name]': { default: defineChannel({ authorize: 'users', messages: {} } as never) },
	echo: {
		default: async ({ data, connection }: Received) => {
			if (data === 'fail') throw new Error('secret');
			await connection.send('message', data);
		},
		onMessageReceived: null,
		onError: null,
	},
	bytes: {
		default: async ({ data, connection }: Received) => connection.send('message', data),
		config: { type: 'binary' },
		onMessageReceived: null,
	},
};

interface Received {
	readonly data: unknown;
	readonly connection: { send(event: string, data: unknown): Promise<void> };
}

async function open(stage: Stage, path: string): Promise<[PlainConnection, FakeSocket]> {
	const opened = await stage.plain(path);
	assert.ok(opened);
	return opened;
}

describe('A plain client', () => {
	it('sends messages to a declared channel, and gets events, results and errors', async () => {
		const stage = new Stage(FILES);
		const [connection, socket] = await open(stage, 'rooms/lobby');
		connection.message('{"type":"say","data":"hi","id":"a"}');
		await settled();
		connection.message('{"type":"fail","id":2}');
		await settled();
		connection.message('{"type":"fail"}');
		await settled();
		assert.deepEqual(socket.frames, [
			{ type: 'said', data: 'hi' },
			{ reply: 'a', data: 'heard' },
			{ error: 'No.', code: 'CONFLICT', id: 2 },
			{ error: 'No.', code: 'CONFLICT' },
		]);
	});

	it('is in the channel with realtime clients', async () => {
		const stage = new Stage(FILES);
		const [, socket] = await open(stage, 'rooms/lobby');
		const client = await stage.client();
		await client.send(['join', 1, 'rooms', { room: 'lobby' }], ['send', 1, 1, 'say', { a: 1 }]);
		assert.deepEqual(socket.frames, [{ type: 'said', data: { a: 1 } }]);
	});

	for (const message of [
		'{',
		'[]',
		'"say"',
		'{"type":1}',
		'{"type":"say","id":{}}',
		'[['.repeat(20),
	]) {
		it(`is told that ${message} is no message`, async () => {
			const [connection, socket] = await open(new Stage(FILES), 'rooms/lobby');
			connection.message(message);
			const [answer] = socket.frames as unknown as { code: string }[];
			assert.equal(answer?.code, 'BAD_REQUEST');
			assert.equal(socket.closed, undefined);
		});
	}

	it('is told which message is larger than 64 KB', async () => {
		const [connection, socket] = await open(new Stage(FILES), 'rooms/lobby');
		connection.message(JSON.stringify({ type: 'say', data: 'x'.repeat(65_536), id: 'a' }));
		assert.deepEqual(socket.frames, [
			{ error: 'A message is larger than 64 KB.', code: 'CONTENT_TOO_LARGE', id: 'a' },
		]);
	});

	it('sends raw messages to a channel in the short form', async () => {
		const [connection, socket] = await open(new Stage(FILES), 'echo');
		connection.message('{"a":1}');
		connection.message('"text"');
		await settled();
		assert.deepEqual(socket.sent, ['{"a":1}', 'text']);
	});

	it('is told an error of the short form without its cause', async () => {
		const [connection, socket] = await open(new Stage(FILES), 'echo');
		connection.message('"fail"');
		await settled();
		connection.message('{');
		assert.deepEqual(socket.frames, [
			{ error: 'The server failed.' },
			{ error: 'The message is not JSON.' },
		]);
	});

	it('sends and gets bytes where the file says so', async () => {
		const [connection, socket] = await open(new Stage(FILES), 'bytes');
		connection.message(new Uint8Array([1, 2, 3]).buffer);
		await settled();
		assert.deepEqual(
			socket.sent.map((one) => [...(one as Uint8Array)]),
			[[1, 2, 3]],
		);
	});

	it('is let into no channel that is refused, or does not exist', async () => {
		const stage = new Stage(FILES);
		for (const path of ['users/ada', 'nothing', 'rooms', 'rooms/a/b', '__proto__']) {
			assert.equal(await stage.plain(path), undefined);
		}
		assert.ok(await stage.plain('users/ada', { id: 'ada' }));
	});

	it('gets a fixed path rather than a parameter', async () => {
		const stage = new Stage(FILES);
		assert.equal(targetAt(stage.hub.site, ['rooms', 'fixed'])?.definition.file, 'rooms/fixed');
		assert.equal(targetAt(stage.hub.site, ['rooms', 'other'])?.definition.file, 'rooms/[room]');
	});

	it('gets the messages to its user as they are', async () => {
		const stage = new Stage(FILES);
		const [, socket] = (await stage.plain('users/ada', { id: 'ada' })) ?? [];
		await stage.hub.user('ada').send('{"a":1}');
		await stage.hub.user('ada').send('"text"');
		assert.deepEqual(socket?.sent, ['{"a":1}', 'text']);
	});

	it('is closed with 4403 when its user is disconnected', async () => {
		const stage = new Stage(FILES);
		const [, socket] = (await stage.plain('users/ada', { id: 'ada' })) ?? [];
		await stage.hub.channel('users/[name]', { name: 'ada' }).disconnect('ada');
		assert.equal(socket?.closed?.code, 4403);
	});

	it('is closed with 4401 before it can join, for a user who has expired already', async () => {
		const stage = new Stage(FILES);
		const user = { id: 'ada', expires: stage.host.now() - 1 };
		const [connection, socket] = (await stage.plain('rooms/lobby', user)) ?? [];
		connection?.message('{"type":"say","data":"late","id":1}');
		await settled();
		assert.equal(socket?.closed?.code, 4401);
		assert.deepEqual(socket?.sent, []);
	});

	it('gets an error for a message that is far too large, which is not read', async (context) => {
		const [connection, socket] = await open(new Stage(FILES), 'rooms/lobby');
		const parse = context.mock.method(JSON, 'parse');
		connection.message(`{"type":"say","id":1,"data":[${'[],'.repeat(400_000)}0]}`);
		await settled();
		assert.equal(parse.mock.callCount(), 0);
		assert.deepEqual(JSON.parse(String(socket.sent[0])), {
			error: 'A message is larger than 64 KB.',
			code: 'CONTENT_TOO_LARGE',
		});
		connection.message('{"type":"say","id":2,"data":1}');
		await settled();
		assert.match(String(socket.sent.at(-1)), /"reply":2/);
	});

	it('loses its connection if it does not read', async () => {
		const stage = new Stage(FILES);
		const [connection, socket] = await open(stage, 'echo');
		socket.bufferedAmount = 1024 * 1024 + 1;
		connection.message('1');
		await settled();
		assert.equal(socket.closed, undefined, 'ephemeral messages are dropped first');
		await open(stage, 'rooms/lobby').then(async ([other, slow]) => {
			slow.bufferedAmount = 1024 * 1024 + 1;
			other.message('{"type":"say","data":"hi"}');
			await settled();
			assert.equal(slow.closed?.code, 4008);
		});
	});
});
