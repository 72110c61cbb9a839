// `astro dev` in the process of a test of Vitest, for `examples/chat`.

import { afterAll, beforeAll, expect, test } from 'vitest';
import {
	injectWebSocket,
	startDevServer,
	type TestDevServer,
} from 'zastro-websockets-node/testing';

let site: TestDevServer;

beforeAll(async () => {
	site = await startDevServer();
}, 60_000);
afterAll(() => site.close(), 60_000);

test('a plain client talks to the room', async () => {
	const { server } = site;
	const cookies = { name: 'Ada' };
	// The machine may be busy.
	const room = { server, cookies, timeout: 10_000 };
	const socket = await injectWebSocket('/_realtime/rooms/lobby', room);
	socket.send(JSON.stringify({ type: 'say', data: { text: 'hello' } }));
	const said = { type: 'said', data: { by: 'Ada', text: 'hello' } };
	expect(JSON.parse(String(await socket.next()))).toEqual(said);
	expect(await socket.close(1000)).toEqual({ code: 1000, reason: '' });
	const refused = injectWebSocket('/_realtime/rooms/lobby', { server });
	await expect(refused).rejects.toMatchObject({ name: 'HandshakeRefused', status: 404 });
	expect(server.address()).toMatchObject({ port: 0 });
}, 60_000);
