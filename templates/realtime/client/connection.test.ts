import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PING } from '../protocol/constants.ts';
import * as write from '../protocol/server-frames.ts';
import {
	event,
	FakePage,
	type Harness,
	harness,
	isPerChannel,
	SESSION,
	settled,
} from './client.fixture.ts';
import type { Handle } from './client.ts';

/** A client that has joined a channel. */
async function open(
	options?: Parameters<typeof harness>[0],
): Promise<Harness & { handle: Handle }> {
	const test = harness(options);
	const handle = join(test);
	await settled();
	test.socket().welcome().join(7);
	return { ...test, handle };
}

function join(test: Harness, room = 'lobby'): Handle {
	return (test.client.channels.rooms ?? assert.fail())({ room }).join();
}

describe('a connection', () => {
	it('opens with the first join, and closes a second after the last handle left', async () => {
		const test = harness();
		assert.equal(test.sockets.length, 0);
		assert.equal(test.client.status.value.state, 'closed');
		const handle = join(test);
		assert.equal(test.client.status.value.state, 'connecting');
		test.socket().welcome();
		assert.equal(test.client.status.value.state, 'open');
		handle.leave();
		await test.clock.advance(999);
		assert.equal(test.socket().closedWith, undefined);
		await test.clock.advance(1);
		assert.equal(test.socket().closedWith, 1000);
		assert.equal(test.client.status.value.state, 'closed');
		assert.equal(test.clock.pending, 0);
	});

	it('tells while it waits that it never succeeded, until it does', async () => {
		const test = harness({ url: 'http://localhost:1' });
		const handle = join(test);
		test.socket().end();
		const { state, error } = handle.status.value;
		assert.equal(state, 'waiting');
		assert.equal(error?.code, 'SERVICE_UNAVAILABLE');
		assert.equal(error.message, 'No connection (1006).');
		await test.clock.advance(250);
		test.socket().welcome().end();
		assert.equal(handle.status.value.state, 'waiting');
		assert.equal(handle.status.value.error, undefined);
	});

	it('stays open for a handle that joins within that second', async () => {
		const test = await open();
		test.handle.leave();
		await test.clock.advance(900);
		join(test);
		await test.clock.advance(5_000);
		assert.equal(test.socket().closedWith, undefined);
		assert.equal(test.sockets.length, 1);
	});

	it('opens for messages to the user, without a channel', async () => {
		const test = harness();
		const messages: unknown[] = [];
		const unlisten = test.client.socket.on('message', (message) => messages.push(message));
		test.socket().welcome().deliver(write.inboxFrame('{"event":"invited"}'));
		test.socket().deliver(write.inboxFrame(new Uint8Array([1, 2])));
		assert.deepEqual(messages, [{ event: 'invited' }, new Uint8Array([1, 2])]);
		const other = test.client.socket.on('message', () => {});
		unlisten();
		unlisten();
		test.socket().deliver(write.inboxFrame('1'));
		assert.equal(messages.length, 2);
		await test.clock.advance(1_000);
		assert.equal(test.socket().closedWith, undefined);
		other();
		await test.clock.advance(1_000);
		assert.equal(test.socket().closedWith, 1000);
	});

	it('stops listening to messages to the user when the signal is aborted', async () => {
		const test = harness();
		const controller = new AbortController();
		const messages: unknown[] = [];
		test.client.socket.on('message', (message) => messages.push(message), controller);
		test.socket().welcome();
		controller.abort();
		test.socket().deliver(write.inboxFrame('1'));
		assert.deepEqual(messages, []);
		await test.clock.advance(1_000);
		assert.equal(test.client.status.value.state, 'closed');
	});

	it('brings no message to the user after one that closes the client', async () => {
		const test = harness();
		const messages: unknown[] = [];
		test.client.socket.on('message', (message) => {
			messages.push(message);
			test.client.close();
		});
		const [first, second] = ['1', '2'].map((data) => write.inboxFrame(data).content);
		test.socket().welcome().deliver(`${first}\n${second}`);
		assert.deepEqual(messages, [1]);
	});

	it('says hello with its version, and later with its session', async () => {
		const test = await open({ version: 'v1' });
		assert.deepEqual(test.socket().frames[0], { type: 'hello', version: 'v1', lines: true });
		test.socket().end();
		await test.clock.advance(20_000);
		test.socket().accept();
		assert.deepEqual(test.socket().frames[0], {
			type: 'hello',
			session: SESSION,
			version: 'v1',
			lines: true,
		});
	});

	it('takes several frames of one message, up to one that ends the connection', async () => {
		const test = await open();
		const heard: unknown[] = [];
		test.handle.on('said', (data) => heard.push(data));
		const message = (...numbers: readonly number[]): string =>
			numbers.map((number) => event(7, number).content).join('\n');
		const socket = test.socket();
		socket.deliver(message(1, 2));
		assert.deepEqual(heard, [1, 2]);
		// The third one comes too late.
		socket.deliver(message(4, 3));
		assert.deepEqual(heard, [1, 2]);
		assert.equal(socket.closedWith, 4400);
	});

	it('sends all of its joins right after hello', async () => {
		const test = harness();
		join(test, 'a');
		join(test, 'b');
		await settled();
		test.socket().accept();
		assert.deepEqual(
			test.socket().frames.map(({ type }) => type),
			isPerChannel ? ['hello', 'join'] : ['hello', 'join', 'join'],
		);
	});

	it('tells of another version of the server', async () => {
		const test = await open({ version: 'v0' });
		assert.equal(test.client.status.value.isOutdated, true);
		assert.deepEqual(test.handle.status.value, { state: 'open', isOutdated: true });
		const same = await open({ version: 'v1' });
		assert.deepEqual(same.handle.status.value, { state: 'open' });
	});

	it('repeats a credit at once', async () => {
		const test = await open();
		test.socket().deliver(write.creditFrame(3));
		assert.equal(test.socket().last('credit').count, 3);
	});

	it('ignores what it does not know', async () => {
		const test = await open();
		test
			.socket()
			.deliver('["weather",7]', '["constructor",7]', '["__proto__",7]', '[]', '{', 'null', '', '7');
		test.socket().deliver('["event",99,"a","b",1,null,null,"said",1]', '["reply",99,1]');
		test.socket().onmessage?.({ data: new ArrayBuffer(1) } as never);
		assert.equal(test.client.status.value.state, 'open');
		assert.equal(test.sockets.length, 1);
	});

	it('ends with the client', async () => {
		const test = await open();
		test.client.close();
		assert.equal(test.socket().closedWith, 1000);
		assert.deepEqual(test.client.status.value, { state: 'closed' });
		assert.deepEqual(test.handle.status.value, { state: 'closed' });
		test.page.fire('online');
		const late = join(test);
		await settled();
		assert.deepEqual(late.status.value, { state: 'closed' });
		await assert.rejects(late.send('say'), {
			code: 'CLOSED',
			message: 'The handle is closed.',
		});
		await test.clock.advance(60_000);
		assert.equal(test.sockets.length, 1);
		assert.equal(test.clock.pending, 0);
	});

	for (const closing of ['connecting', 'open', 'waiting'] as const) {
		it(`ends for good with a client that a listener of its status closes: ${closing}`, async () => {
			const test = harness();
			test.client.status.listen(({ state }) => {
				if (state === closing) test.client.close();
			});
			const handle = join(test);
			if (closing === 'open') test.socket().welcome();
			if (closing === 'waiting') test.socket().end();
			await test.clock.advance(60_000);
			assert.equal(handle.status.value.state, 'closed');
			assert.equal(test.client.status.value.state, 'closed');
			assert.equal(test.sockets.length, closing === 'connecting' ? 0 : 1);
			assert.equal(test.clock.pending, 0);
		});
	}

	it('is shared with a handle that a listener of its status joins', async () => {
		const test = harness();
		const handles: Handle[] = [];
		const unlisten = test.client.status.listen(() => {
			unlisten();
			handles.push(join(test));
		});
		handles.push(join(test));
		await settled();
		assert.equal(test.sockets.length, 1);
		test.socket().welcome().join(7);
		assert.deepEqual(
			handles.map(({ status }) => status.value.state),
			['open', 'open'],
		);
		for (const handle of handles) handle.leave();
		await test.clock.advance(1_000);
		assert.equal(test.socket().closedWith, 1000);
	});

	it('does nothing on a server', async () => {
		const test = harness({ isServer: true });
		const handle = join(test);
		const unlisten = handle.on('said', () => {});
		unlisten();
		test.client.socket.on('message', () => {})();
		void handle.send('say', 1);
		await assert.rejects(handle.send('say', 1), { code: 'CLOSED', message: /zastro:realtime/ });
		handle.presence.update({});
		handle.presence.subscribe(() => {})();
		assert.deepEqual(handle.presence.value, []);
		assert.deepEqual(handle.status.value, { state: 'connecting' });
		assert.equal(handle.presence.count.value, 0);
		handle.leave();
		await test.clock.advance(60_000);
		assert.equal(test.sockets.length, 0);
		assert.equal(test.clock.pending, 0);
	});
});

describe('a lost connection', () => {
	it('is made again after a random part of a growing time, at most 20 s', async () => {
		const test = await open();
		const waits: number[] = [];
		test.socket().end();
		for (let attempt = 0; attempt < 8; attempt++) {
			const { state, retryAt } = test.client.status.value;
			assert.equal(state, 'waiting');
			waits.push((retryAt ?? 0) - test.clock.now());
			const count = test.sockets.length;
			await test.clock.advance((waits.at(-1) ?? 0) - 1);
			assert.equal(test.sockets.length, count);
			await test.clock.advance(1);
			assert.equal(test.sockets.length, count + 1);
			test.socket().end();
		}
		// The random number is a half.
		assert.deepEqual(waits, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
	});

	it('waits as at first after a connection that lived', async () => {
		const test = await open();
		for (const lived of [0, 0, 11_000]) {
			await test.clock.advance(lived);
			test.socket().end();
			await test.clock.advance(20_000);
			test.socket().welcome();
		}
		await test.clock.advance(11_000);
		test.socket().end();
		assert.equal(test.client.status.value.retryAt, test.clock.now() + 250);
	});

	it('is spread over the time of a drain', async () => {
		const test = await open();
		test.socket().deliver(write.drainFrame(8_000));
		test.socket().end(1012);
		assert.equal(test.client.status.value.retryAt, test.clock.now() + 4_000);
		await test.clock.advance(4_000);
		assert.equal(test.sockets.length, 2);
		test.socket().end();
		assert.equal(test.client.status.value.retryAt, test.clock.now() + 250);
		await test.clock.advance(250);
		// A drain that comes to nothing.
		test.socket().accept().deliver(write.drainFrame(8_000));
		test.socket().welcome().end();
		assert.equal(test.client.status.value.retryAt, test.clock.now() + 500);
	});

	for (const code of [1000, 1001, 1006, 1011, 1012, 1013, 4000, 4008, 4400, 4401, 4499]) {
		it(`is made again after ${code}`, async () => {
			const test = await open();
			test.socket().end(code);
			await test.clock.advance(20_000);
			assert.equal(test.sockets.length, 2);
			test.socket().accept();
			assert.equal(test.socket().last('hello').session, SESSION);
		});
	}

	for (const code of [4500, 4505, 4999]) {
		it(`is given up after ${code}`, async () => {
			const test = await open();
			const sent = assert.rejects(test.handle.send('say'), { code: 'CLOSED' });
			test.socket().end(code, 'No common version.');
			const { state, error } = test.handle.status.value;
			assert.equal(state, 'closed');
			assert.equal(error?.message, 'No common version.');
			await sent;
			test.page.fire('online');
			join(test, isPerChannel ? 'lobby' : 'other');
			await test.clock.advance(60_000);
			assert.equal(test.sockets.length, 1);
			await assert.rejects(test.handle.send('say'), { code: 'CLOSED' });
		});
	}

	it('is made again with a new session if another connection continued it', async () => {
		const test = await open();
		test.socket().end(4409);
		await test.clock.advance(20_000);
		test.socket().accept();
		assert.equal(test.socket().last('hello').session, undefined);
	});

	it('is given up if a handshake takes 20 s', async () => {
		const test = harness();
		join(test);
		await test.clock.advance(19_999);
		assert.equal(test.client.status.value.state, 'connecting');
		await test.clock.advance(1);
		assert.equal(test.client.status.value.state, 'waiting');
		await test.clock.advance(250);
		assert.equal(test.sockets.length, 2);
		test.socket().accept();
		await test.clock.advance(20_000);
		assert.equal(test.client.status.value.state, 'waiting');
	});

	it('does not hear the socket of before', async () => {
		const test = await open();
		const old = test.socket();
		test.page.fire('offline');
		await test.clock.advance(20_000);
		old.end(4500);
		old.deliver(event(7, 1));
		assert.equal(test.client.status.value.state, 'connecting');
	});
});

describe('a link that is dead', () => {
	it('is found within 30 s of silence', async () => {
		const test = await open();
		// Where there are several connections, their pings are spread.
		await test.clock.advance(isPerChannel ? 22_499 : 24_999);
		assert.equal(test.socket().pings, 0);
		await test.clock.advance(1);
		assert.equal(test.socket().pings, 1);
		await test.clock.advance(4_999);
		assert.equal(test.handle.status.value.state, 'open');
		await test.clock.advance(1);
		assert.equal(test.handle.status.value.state, 'waiting');
		assert.notEqual(test.socket().closedWith, undefined);
	});

	it('is found as soon by a page whose clock is set', async () => {
		for (const change of [-3_600_000, -20_000, 20_000]) {
			const test = await open();
			const socket = test.socket();
			const now = test.clock.now.bind(test.clock);
			test.clock.now = () => now() + change;
			await test.clock.advance(30_000);
			assert.equal(socket.pings, 1);
			assert.notEqual(socket.closedWith, undefined);
		}
	});

	it('is none if a pong or anything else comes', async () => {
		const test = await open();
		for (let minute = 0; minute < 3; minute++) {
			await test.clock.advance(25_000);
			assert.equal(test.socket().pings, minute + 1);
			if (minute === 1) test.socket().deliver(event(7, 1));
			else test.socket().pong();
			await test.clock.advance(5_000);
			test.socket().pong();
		}
		assert.equal(test.client.status.value.state, 'open');
	});

	it('is not pinged while messages come', async () => {
		const test = await open();
		for (let number = 1; number < 20; number++) {
			await test.clock.advance(10_000);
			test.socket().deliver(event(7, number));
		}
		assert.equal(test.socket().pings, 0);
		assert.equal(PING, 'ping');
	});

	it('is looked for at once when the network comes back', async () => {
		const test = await open();
		await test.clock.advance(1_000);
		test.page.fire('online');
		assert.equal(test.socket().pings, 1);
		await test.clock.advance(5_000);
		assert.equal(test.client.status.value.state, 'waiting');
	});

	it('is looked for when a page is shown, and not when it is hidden', async () => {
		const test = await open();
		await test.clock.advance(10_000);
		test.page.show(false);
		assert.equal(test.socket().pings, 0);
		test.page.show(true);
		assert.equal(test.socket().pings, 1);
		test.socket().pong();
		// A frozen page runs no timers.
		test.clock.now = () => 1_790_000_000_000 + 10_000_000;
		test.page.show(true);
		assert.equal(test.socket().pings, 2);
	});

	for (const isDead of [true, false]) {
		const found = isDead ? 'found' : 'not found';
		it(`is ${found} by a page that was frozen and gets what came before`, async () => {
			const test = await open();
			test.page.show(false);
			const shownAt = test.clock.now() + 30_000;
			test.clock.now = () => shownAt;
			// Browsers may tell the page before or after it gets its messages.
			test.socket().deliver(event(7, 1));
			test.page.show(true);
			test.socket().deliver(event(7, 2));
			if (!isDead) test.socket().pong();
			await test.clock.advance(5_000);
			assert.equal(test.client.status.value.state, isDead ? 'waiting' : 'open');
		});
	}
});

describe('a page', () => {
	for (const type of ['online', 'pageshow', 'visible'] as const) {
		it(`that waits connects at once: ${type}`, async () => {
			const test = await open();
			for (let attempt = 0; attempt < 6; attempt++) {
				test.socket().end();
				await test.clock.advance(10_000);
			}
			test.socket().end();
			const count = test.sockets.length;
			if (type === 'visible') test.page.show(true);
			else test.page.fire(type);
			assert.equal(test.sockets.length, count + 1);
			test.socket().end();
			// The waits begin anew.
			assert.equal(test.client.status.value.retryAt, test.clock.now() + 250);
		});
	}

	it('that is hidden does not connect for it', async () => {
		const test = await open();
		test.socket().end();
		test.page.show(false);
		assert.equal(test.sockets.length, 1);
	});

	it('that loses the network waits', async () => {
		const test = await open();
		test.page.fire('offline');
		assert.equal(test.handle.status.value.state, 'waiting');
		test.page.fire('online');
		assert.equal(test.sockets.length, 2);
	});

	it('that gets the network back drops an attempt of before', async () => {
		const test = harness();
		join(test);
		test.page.fire('online');
		assert.equal(test.sockets.length, 2);
		assert.notEqual(test.sockets[0]?.closedWith, undefined);
	});

	it('that goes closes cleanly, and continues when it comes back', async () => {
		const test = await open();
		test.socket().deliver(event(7, 0 + 1));
		test.page.fire('pagehide');
		assert.equal(test.socket().closedWith, 1000);
		assert.deepEqual(test.handle.status.value, { state: 'waiting' });
		await test.clock.advance(120_000);
		assert.equal(test.sockets.length, 1);
		test.page.fire('pageshow');
		test.socket().accept();
		assert.equal(test.socket().last('join').since, 'e.1.');
		assert.equal(test.socket().last('hello').session, SESSION);
	});

	it('is not listened to without a use', async () => {
		const page = new FakePage();
		let count = 0;
		const { addEventListener, removeEventListener } = page;
		page.addEventListener = (...args: Parameters<typeof addEventListener>) => {
			count++;
			addEventListener.apply(page, args);
		};
		page.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
			count--;
			removeEventListener.apply(page, args);
		};
		const test = await open({ page });
		assert.equal(count, 5);
		test.handle.leave();
		await test.clock.advance(1_000);
		assert.equal(count, 0);
	});
});
