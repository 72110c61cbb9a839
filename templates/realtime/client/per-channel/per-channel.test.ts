import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CHANNEL_QUERY, paramsIn } from '../../protocol/channel-query.ts';
import { NO_USER } from '../../protocol/constants.ts';
import type { ErrorData } from '../../protocol/errors.ts';
import * as write from '../../protocol/server-frames.ts';
import {
	event,
	type FakeSocket,
	type Harness,
	harness,
	settled,
	usePerChannel,
} from '../client.fixture.ts';
import type { Handle, JoinOptions } from '../client.ts';
import { createClient } from './client-per-channel.ts';

usePerChannel(createClient);

function join(test: Harness, room: string, options?: JoinOptions): Handle {
	return (test.client.channels.rooms ?? assert.fail())({ room }).join(options);
}

/** The newest socket whose URL ends like this. */
function socketTo(test: Harness, end: string): FakeSocket {
	return test.sockets.findLast(({ url }) => url.endsWith(end)) ?? assert.fail(`None to ${end}.`);
}

interface Rooms extends Harness {
	readonly a: Handle;
	readonly b: Handle;
	/** The newest sockets of the two rooms. */
	atA(): FakeSocket;
	atB(): FakeSocket;
}

/** A client that has joined the rooms `a` and `b`. */
async function open(options?: Parameters<typeof harness>[0]): Promise<Rooms> {
	const test = harness(options);
	const [a, b] = [join(test, 'a'), join(test, 'b')];
	const atA = (): FakeSocket => socketTo(test, 'room=a');
	const atB = (): FakeSocket => socketTo(test, 'room=b');
	await settled();
	atA()
		.welcome({ session: session('A') })
		.join(7);
	atB()
		.welcome({ session: session('B') })
		.join(7);
	return { ...test, a, b, atA, atB };
}

function session(letter: string): string {
	return letter.repeat(22);
}

const forbidden = { code: 'FORBIDDEN', message: 'No.' } as const;
const busy = { code: 'SERVICE_UNAVAILABLE', message: 'Wait.', retryAfter: 5_000 } as const;

function refuse(socket: FakeSocket, error: ErrorData): void {
	socket.deliver(write.refusedFrame(socket.last('join').ref, error));
}

describe('a connection of a channel', () => {
	it('names the channel as its join does', async () => {
		const test = harness({ url: 'https://example.com/base/_realtime?a=b' });
		const params = { team: 'rot & blau', room: 'größe/1' };
		test.client.channels.teams?.rooms?.(params).join();
		const url = new URL(test.socket().url);
		assert.equal(url.pathname, '/base/_realtime');
		assert.deepEqual(
			[...url.searchParams],
			[
				['a', 'b'],
				['channel', 'teams/rooms'],
				['param.team', params.team],
				['param.room', params.room],
			],
		);
		// As the server reads it.
		assert.equal(url.searchParams.get(CHANNEL_QUERY), 'teams/rooms');
		assert.deepEqual(Object.fromEntries(paramsIn(url.searchParams)), params);
		test.client.channels.news?.().join();
		assert.match(test.socket().url, /\?a=b&channel=news$/);
	});

	it('has a token of its own', async () => {
		let count = 0;
		const test = harness({ auth: async () => `token${++count}` });
		join(test, 'a');
		join(test, 'b');
		await settled();
		assert.deepEqual(
			test.sockets.map((socket) => (socket.arguments[1] as string[])[1]),
			[1, 2].map((number) => `zastro-auth.${Buffer.from(`token${number}`).toString('base64url')}`),
		);
	});

	it('carries no other channel', async () => {
		const test = await open();
		const taken: unknown[] = [];
		test.a.on('said', (data) => taken.push(['a', data]));
		test.b.on('said', (data) => taken.push(['b', data]));
		test.atB().deliver(event(7, 1));
		test.atA().deliver(event(7, 1), event(7, 2));
		assert.deepEqual(taken, [
			['b', 1],
			['a', 1],
			['a', 2],
		]);
		void test.b.send('say', 1);
		assert.equal(test.atA().all('send').length, 0);
		assert.equal(test.atB().all('send').length, 1);
		assert.equal(test.sockets.length, 2);
		test.atB().deliver(write.creditFrame(1));
		assert.deepEqual(test.atB().last('credit'), { type: 'credit', count: 1 });
		assert.equal(test.atA().all('credit').length, 0);
	});

	it('closes a second after its last handle left, and is used again within that second', async () => {
		const test = await open();
		test.a.leave();
		await test.clock.advance(900);
		const again = join(test, 'a');
		await test.clock.advance(5_000);
		assert.equal(test.sockets.length, 2);
		again.leave();
		await test.clock.advance(1_000);
		assert.equal(test.atA().closedWith, 1000);
		assert.equal(test.atB().closedWith, undefined);
		join(test, 'a');
		assert.equal(test.sockets.length, 3);
	});

	it('continues its own session when it is lost', async () => {
		const test = await open();
		test.atA().end();
		assert.equal(test.a.status.value.state, 'waiting');
		assert.equal(test.b.status.value.state, 'open');
		await test.clock.advance(250);
		test.atB().end();
		await test.clock.advance(250);
		test.atA().accept();
		test.atB().accept();
		assert.equal(test.atA().last('hello').session, session('A'));
		assert.equal(test.atB().last('hello').session, session('B'));
	});

	it('drains without the others', async () => {
		const test = await open();
		test.atA().deliver(write.drainFrame(60_000)).end(1012);
		assert.equal(test.a.status.value.retryAt, test.clock.now() + 30_000);
		assert.equal(test.b.status.value.state, 'open');
	});

	it('that the server stopped stays stopped, without the others', async () => {
		const test = await open();
		test.atA().end(4500, 'Malformed.');
		assert.equal(test.a.status.value.error?.message, 'Malformed.');
		test.a.leave();
		await test.clock.advance(5_000);
		const again = join(test, 'a');
		await settled();
		assert.equal(again.status.value.state, 'closed');
		await assert.rejects(again.send('say'), { code: 'CLOSED' });
		assert.equal(test.sockets.length, 2);
		assert.equal(test.b.status.value.state, 'open');
	});

	it('follows the network and the page as all others do', async () => {
		const test = await open();
		test.page.fire('offline');
		assert.deepEqual(
			[test.a.status.value.state, test.b.status.value.state],
			['waiting', 'waiting'],
		);
		test.page.fire('online');
		assert.equal(test.sockets.length, 4);
		for (const socket of [test.atA(), test.atB()]) socket.welcome().join(7);
		test.page.fire('pagehide');
		assert.deepEqual([test.atA().closedWith, test.atB().closedWith], [1000, 1000]);
		test.page.fire('pageshow');
		assert.equal(test.sockets.length, 6);
		for (const socket of [test.atA(), test.atB()]) socket.welcome().join(7);
		await test.clock.advance(24_000);
		for (const socket of [test.atA(), test.atB()]) socket.pong();
		assert.equal(test.a.status.value.state, 'open');
	});

	it('pings at another time than those that opened with it', async () => {
		const numbers = [0, 1];
		const test = await open({ random: () => numbers.shift() ?? 0.5 });
		await test.clock.advance(20_000);
		assert.deepEqual([test.atA().pings, test.atB().pings], [0, 1]);
		await test.clock.advance(4_999);
		assert.equal(test.atA().pings, 0);
		await test.clock.advance(1);
		assert.equal(test.atA().pings, 1);
	});
});

describe('a refused join', () => {
	it('ends its connection, and no other', async () => {
		const test = harness();
		const handle = join(test, 'a');
		join(test, 'b');
		await settled();
		const [socket, other] = test.sockets.map((socket) => socket.welcome());
		refuse(socket ?? assert.fail(), forbidden);
		// The server closes as well.
		socket?.end(1000);
		await test.clock.advance(20_000);
		assert.equal(handle.status.value.error?.code, 'FORBIDDEN');
		assert.equal(socket?.closedWith, 1000);
		assert.equal(other?.closedWith, undefined);
		for (const type of ['online', 'pageshow']) test.page.fire(type);
		assert.equal(test.sockets.filter(({ url }) => url.endsWith('a')).length, 1);
	});

	it('is tried again at its time on a new connection, in the same session', async () => {
		const test = await open();
		const sent = test.a.send('say', 1);
		test.atA().end();
		await test.clock.advance(250);
		test.atA().welcome({ session: session('A'), isResumed: true });
		refuse(test.atA(), busy);
		test.atA().end(1000);
		assert.equal(test.a.status.value.state, 'refused');
		// A handle that comes meanwhile waits too.
		const late = join(test, 'a');
		await test.clock.advance(4_999);
		assert.equal(test.sockets.length, 3);
		assert.equal(late.status.value.retryAt, test.clock.now() + 1);
		await test.clock.advance(1);
		assert.equal(test.sockets.length, 4);
		assert.equal(test.a.status.value.state, 'connecting');
		test.atA().accept();
		assert.equal(test.atA().last('hello').session, session('A'));
		assert.equal(test.atA().all('join').length, 1);
		test.atA().deliver(write.welcomeFrame({ session: session('A'), isResumed: true, version: '' }));
		test.atA().join(7);
		const { ref } = test.atA().last('join');
		test.atA().deliver(write.replyFrame(ref, test.atA().last('send').id, '2'));
		assert.equal(await sent, 2);
		await test.clock.advance(2_000);
		assert.equal(test.sockets.length, 4);
	});

	it('is not tried again if its handles left', async () => {
		const test = harness();
		const handle = join(test, 'a');
		await settled();
		test.socket().welcome();
		refuse(test.socket(), busy);
		handle.leave();
		await test.clock.advance(60_000);
		assert.equal(test.sockets.length, 1);
		assert.equal(test.clock.pending, 0);
	});

	it('keeps the messages that wait, if it is tried again', async () => {
		const test = harness();
		const handle = join(test, 'a');
		await settled();
		test.socket().welcome();
		refuse(test.socket(), busy);
		const sent = handle.send('say', 1);
		await test.clock.advance(5_000);
		test.socket().welcome().join(7);
		const { ref } = test.socket().last('join');
		test.socket().deliver(write.replyFrame(ref, test.socket().last('send').id, '2'));
		assert.equal(await sent, 2);
	});

	it('of a member that the site disconnected ends its connection', async () => {
		const test = await open();
		test.atA().deliver(write.leftFrame(test.atA().last('join').ref, forbidden));
		assert.equal(test.atA().closedWith, 1000);
		assert.equal(test.a.status.value.state, 'refused');
		assert.equal(test.b.status.value.state, 'open');
	});

	it('stays open for a handle that a listener joined anew', async () => {
		const test = await open();
		let late: Handle | undefined;
		test.a.status.listen(({ state }) => {
			if (state === 'refused') late ??= join(test, 'a');
		});
		test.atA().deliver(write.leftFrame(test.atA().last('join').ref, forbidden));
		await settled();
		assert.equal(test.atA().closedWith, undefined);
		test.atA().join(8);
		assert.equal(late?.status.value.state, 'open');
	});
});

describe('the connection of the user', () => {
	it('opens only for a page that listens', async () => {
		const test = await open();
		const messages: unknown[] = [];
		const unlisten = test.client.socket.on('message', (message) => messages.push(message));
		assert.equal(test.socket().url, 'wss://example.com/_realtime?inbox');
		const other = test.client.socket.on('message', () => {});
		assert.equal(test.sockets.length, 3);
		test.socket().welcome().deliver(write.inboxFrame('1'));
		assert.deepEqual(messages, [1]);
		assert.equal(test.socket().all('join').length, 0);
		unlisten();
		other();
		await test.clock.advance(1_000);
		assert.equal(test.socket().closedWith, 1000);
		test.client.socket.on('message', () => {});
		assert.equal(test.sockets.length, 4);
	});

	it('brings a message once, also from a server that sends it on all connections', async () => {
		const test = await open();
		const messages: unknown[] = [];
		test.client.socket.on('message', (message) => messages.push(message));
		test.socket().welcome();
		for (const socket of test.sockets) socket.deliver(write.inboxFrame('1'));
		assert.deepEqual(messages, [1]);
	});

	it('is not tried again where there is no user', async () => {
		const test = await open();
		test.client.socket.on('message', () => {});
		test.socket().accept().end(NO_USER, 'No user.');
		test.client.socket.on('message', () => {});
		test.page.fire('online');
		await test.clock.advance(60_000);
		assert.equal(test.sockets.filter(({ url }) => url.endsWith('inbox')).length, 1);
	});
});

describe('a client with several connections', () => {
	it('is in the state of the one that is the farthest from open', async () => {
		const test = await open();
		const { status } = test.client;
		assert.equal(status.value.state, 'open');
		const before = status.value;
		test.atA().deliver(event(7, 1));
		assert.equal(status.value, before);
		test.atB().end();
		assert.equal(status.value.state, 'waiting');
		assert.equal(status.value.retryAt, test.clock.now() + 250);
		await test.clock.advance(250);
		assert.equal(status.value.state, 'connecting');
		test.atB().welcome().join(7);
		assert.equal(status.value.state, 'open');
		refuse(test.atB(), forbidden);
		assert.equal(status.value.state, 'open');
		test.a.leave();
		await test.clock.advance(1_000);
		assert.equal(status.value.state, 'closed');
	});

	it('is outdated if one server says so', async () => {
		const test = await open({ version: 'v1' });
		assert.equal(test.client.status.value.isOutdated, undefined);
		test.atB().end();
		await test.clock.advance(250);
		test.atB().welcome({ version: 'v2' }).join(7);
		assert.deepEqual(test.client.status.value, { state: 'open', isOutdated: true });
		assert.deepEqual(test.a.status.value, { state: 'open' });
		test.atA().end();
		assert.equal(test.client.status.value.state, 'waiting');
		assert.equal(test.client.status.value.isOutdated, true);
	});

	it('lets 100 messages wait in all', async () => {
		const test = harness();
		const [a, b] = [join(test, 'a'), join(test, 'b')];
		const sent: Promise<unknown>[] = [];
		for (let count = 0; count < 50; count++) sent.push(a.send('say', 1), b.send('say', 1));
		await assert.rejects(a.send('say'), { code: 'TOO_MANY_REQUESTS' });
		test.client.close();
		for (const result of await Promise.allSettled(sent)) assert.equal(result.status, 'rejected');
	});

	it('closes all of them for good', async () => {
		const test = await open();
		test.client.socket.on('message', () => {});
		test.socket().welcome();
		test.client.close();
		assert.deepEqual(
			test.sockets.map(({ closedWith }) => closedWith),
			[1000, 1000, 1000],
		);
		const late = join(test, 'a');
		await settled();
		assert.equal(late.status.value.state, 'closed');
		test.client.socket.on('message', () => {});
		await test.clock.advance(60_000);
		assert.equal(test.sockets.length, 3);
		assert.equal(test.client.status.value.state, 'closed');
		assert.equal(test.clock.pending, 0);
	});

	it('forgets a channel that it left', async () => {
		const test = await open();
		test.b.leave();
		await test.clock.advance(1_000);
		join(test, 'b');
		test.atB().accept();
		assert.equal(test.atB().last('hello').session, undefined);
	});
});
