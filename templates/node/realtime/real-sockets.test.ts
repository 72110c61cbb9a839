import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { WebSocket } from 'ws';
import type { UpgradeWebSocketOptions } from '../../locals/types.ts';
import type { ResolvedWebSocketOptions } from '../../options/options.ts';
import { createClient } from '../../realtime/client/client.ts';
import { defineChannel } from '../../realtime/define/api/define-channel.ts';
import { MemoryEngine } from '../../realtime/memory/memory-engine.ts';
import { PROTOCOL } from '../../realtime/protocol/constants.ts';
import { Hub } from '../../realtime/server/hub.ts';
import { useFiles } from '../../realtime/server/server.fixture.ts';
import { type InternalOptions, MAX_HEARTBEAT_INTERVAL } from '../handshake/internal-options.ts';
import { type Site, serve, writeResponse } from '../site/site.fixture.ts';
import { answer } from './answer.ts';
import { NodeHost } from './host.ts';

const anything = {
	'~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
};
const ROOM = defineChannel({ authorize: 'anyone', events: { said: anything } } as never);

/** A server with one channel. */
async function realtimeSite(
	context: TestContext,
	settings: Partial<ResolvedWebSocketOptions> = {},
): Promise<[Site, Hub]> {
	const host = new NodeHost(assert.fail);
	const hub = new Hub(host, new MemoryEngine(host));
	useFiles(hub, { room: { default: ROOM } });
	const site = await serve(
		context,
		async (locals, response, { url = '/', headers }) => {
			const address = new URL(url, 'http://localhost');
			const offered = headers['sec-websocket-protocol'];
			const request = new Request(address, {
				headers: offered === undefined ? {} : { 'sec-websocket-protocol': offered },
			});
			const options = { report: assert.fail, hasTrailingSlash: false };
			writeResponse(await answer({ request, url: address, locals }, hub, options), response);
		},
		{ options: settings },
	);
	return [site, hub];
}

/** A client in the channel, and its frames from then on. */
async function join({ port }: Site): Promise<{ socket: WebSocket; frames: unknown[][] }> {
	const socket = new WebSocket(`ws://127.0.0.1:${port}/_realtime`, PROTOCOL);
	const frames: unknown[][] = [];
	socket.on('message', (data) => frames.push(JSON.parse(String(data))));
	await once(socket, 'open');
	socket.send('["hello",{}]');
	socket.send('["join",1,"room",{}]');
	while (frames.length < 2) await once(socket, 'message');
	frames.length = 0;
	return { socket, frames };
}

test('a message reaches all members over their sockets, in order', async (context) => {
	const [site, hub] = await realtimeSite(context);
	const members = await Promise.all([join(site), join(site), join(site)]);
	const port = hub.channel('room', {});
	for (const text of ['one', 'two ä', 'three']) {
		await port.publish({ name: 'said', data: JSON.stringify(text), isEphemeral: false });
	}
	for (const { socket, frames } of members) {
		while (frames.length < 3) await once(socket, 'message');
		assert.deepEqual(
			frames.map((frame) => frame[8]),
			['one', 'two ä', 'three'],
		);
	}
});

for (const settings of [{}, { maxPayload: 1000 }, { maxPayload: 1000, perMessageDeflate: true }]) {
	test(`a client is told that a message is too large with ${JSON.stringify(settings)}`, async (context) => {
		const [site, hub] = await realtimeSite(context, settings);
		const client = createClient({ url: `http://127.0.0.1:${site.port}`, WebSocket });
		context.after(() => client.close());
		const open = client.channels.room ?? assert.fail();
		const room = open().join({ presence: 'x'.repeat(2_000_000) });
		await assert.rejects(room.send('say', 'first'), { code: 'CONTENT_TOO_LARGE' });
		room.leave();
		const member = open().join();
		for (const data of ['x'.repeat(2_000_000), '€'.repeat(2_000_000), new Uint8Array(2_000_000)]) {
			await assert.rejects(member.send('say', data), { code: 'CONTENT_TOO_LARGE' });
		}
		member.presence.update('x'.repeat(2_000_000));
		// No such message.
		for (const data of ['€'.repeat(21_000), new Uint8Array(65_536)]) {
			await assert.rejects(member.send('say', data), { code: 'NOT_FOUND' });
		}
		assert.equal(hub.stats().sessions.opened + hub.stats().sessions.resumed, 1);
	});
}

test('a shutdown tells members to come back, and closes their sockets with 1012', async (context) => {
	const [site] = await realtimeSite(context);
	const { socket, frames } = await join(site);
	const closed = once(socket, 'close');
	await site.host.shutdown();
	assert.equal((await closed)[0], 1012);
	assert.deepEqual(frames, [['drain', 1000]]);
});

test('a member whose socket is closed has left the channel', async (context) => {
	const [site, hub] = await realtimeSite(context);
	const { socket } = await join(site);
	assert.equal(hub.stats().members, 1);
	socket.close();
	await once(socket, 'close');
	while (hub.stats().members > 0) await new Promise(setImmediate);
	assert.equal(hub.stats().connections, 0);
});

test('a route of the package finds a dead connection sooner than the site asks', async (context) => {
	const site = await serve(context, (locals, response) => {
		const options: UpgradeWebSocketOptions & InternalOptions = { [MAX_HEARTBEAT_INTERVAL]: 20 };
		writeResponse(locals.upgradeWebSocket(options).response, response);
	});
	const client = new WebSocket(`ws://127.0.0.1:${site.port}/`, { autoPong: false });
	const [code] = await once(client, 'close');
	assert.equal(code, 1006);
});
