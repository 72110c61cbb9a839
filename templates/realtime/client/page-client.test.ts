import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import * as write from '../protocol/server-frames.ts';
import { FakeSocket, settled } from './client.fixture.ts';
import { createPageClient, type PageClient, type PresencePart, presence } from './page-client.ts';

/** A page's client whose sockets the test has. */
function pageClient(
	context: TestContext,
	part?: PresencePart,
): { readonly client: PageClient; readonly sockets: readonly FakeSocket[] } {
	const sockets: FakeSocket[] = [];
	const { WebSocket } = globalThis;
	context.after(() => Object.assign(globalThis, { WebSocket }));
	class Socket extends FakeSocket {
		constructor(...args: readonly unknown[]) {
			super(...args);
			sockets.push(this);
		}
	}
	Object.assign(globalThis, { WebSocket: Socket });
	const client = createPageClient({ url: 'https://example.com/_realtime' }, part);
	// A page has no call that ends its client.
	context.after(() => sockets.at(-1)?.end(4500));
	return { client, sockets };
}

const ada = { id: 'ada', user: { id: 'ada' }, data: { typing: true }, since: 1 };

describe('the client of a page', () => {
	it('opens the endpoint with the protocol alone', async (context) => {
		const { client, sockets } = pageClient(context);
		client.channels.rooms?.({ room: 'a' }).join();
		assert.deepEqual(sockets[0]?.arguments, ['wss://example.com/_realtime', 'zastro-realtime.v1']);
	});

	it('shows who is there', async (context) => {
		const { client, sockets } = pageClient(context, presence);
		const handle = client.channels.rooms?.({ room: 'a' }).join({ presence: { typing: true } });
		await settled();
		const socket = sockets[0]?.welcome().join(7) ?? assert.fail();
		assert.deepEqual(socket.last('join').presence, { typing: true });
		socket.deliver(write.membersFrame(7, [ada], 1));
		assert.deepEqual(handle?.presence.value, [ada]);
	});

	it('without presence does all the rest', async (context) => {
		const { client, sockets } = pageClient(context);
		const handle =
			client.channels.rooms?.({ room: 'a' }).join({ presence: { typing: true } }) ?? assert.fail();
		assert.equal(handle.presence, undefined);
		const taken: unknown[] = [];
		handle.on('said', (data) => taken.push(data));
		await settled();
		const socket = sockets[0]?.welcome().join(7) ?? assert.fail();
		assert.equal(socket.last('join').hasPresence, false);
		socket.deliver(
			write.membersFrame(7, [ada], 1),
			write.changesFrame(7, { joined: [], changed: [ada], left: [] }, 1),
			write.castFrame(7, undefined, 'said', '1'),
			write.gapFrame(7, 'restarted', 'f.0.'),
		);
		assert.deepEqual(taken, [1]);
		assert.equal(handle.position, 'f.0.');
		socket.end();
		handle.leave();
		assert.equal(handle.status.value.state, 'closed');
	});
});
