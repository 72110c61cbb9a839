// Runs in workerd, beside the built site.

import { evictDurableObject, SELF } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { injectWebSocket } from 'zastro-websockets-cloudflare/testing';

test('a client of a channel is answered, also after the object slept', async () => {
	const headers = { Upgrade: 'websocket' };
	const handshake = new Request('https://site.example/_realtime/lobby', { headers });
	const { status, webSocket } = await SELF.fetch(handshake);
	expect(status).toBe(101);
	webSocket.accept();
	const answer = () =>
		new Promise((resolve) => {
			webSocket.addEventListener('message', ({ data }) => resolve(data), { once: true });
		});
	for (const id of [1, 2]) {
		const heard = answer();
		webSocket.send(JSON.stringify({ type: 'ping', id }));
		expect(await heard).toBe(JSON.stringify({ reply: id, data: 'pong' }));
		await evictDurableObject(env.ZASTRO_REALTIME.getByName('channel:lobby'));
	}
	webSocket.close(1000);
});

test('the test kit makes handshakes with the built Worker', async () => {
	const socket = await injectWebSocket('/_realtime/lobby', { timeout: 10_000 });
	socket.send(JSON.stringify({ type: 'ping', id: 1 }));
	expect(await socket.next()).toBe(JSON.stringify({ reply: 1, data: 'pong' }));
	expect(await socket.close(1000)).toEqual({ code: 1000, reason: '' });
	const refused = injectWebSocket('/_realtime/nowhere');
	await expect(refused).rejects.toMatchObject({ name: 'HandshakeRefused', status: 404 });
});
