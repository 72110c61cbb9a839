import assert from 'node:assert/strict';
import { it } from 'node:test';
import { FakeSocket } from '../client.fixture.ts';
import { createPageClient } from './page-client-per-channel.ts';

it('opens the endpoint once for each channel of a page, with the protocol alone', (context) => {
	const opened: (readonly unknown[])[] = [];
	const sockets: FakeSocket[] = [];
	const { WebSocket } = globalThis;
	context.after(() => Object.assign(globalThis, { WebSocket }));
	class Socket extends FakeSocket {
		constructor(...args: readonly unknown[]) {
			super(...args);
			opened.push(args);
			sockets.push(this);
		}
	}
	Object.assign(globalThis, { WebSocket: Socket });
	const client = createPageClient({ url: 'https://example.com/_realtime' });
	context.after(() => {
		for (const socket of sockets) socket.end(4500);
	});
	client.channels.rooms?.({ room: 'a b' }).join();
	client.socket.on('message', () => {});
	assert.deepEqual(opened, [
		['wss://example.com/_realtime?channel=rooms&param.room=a+b', 'zastro-realtime.v1'],
		['wss://example.com/_realtime?inbox', 'zastro-realtime.v1'],
	]);
});
