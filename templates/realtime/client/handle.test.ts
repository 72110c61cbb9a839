import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PresentMember } from '../protocol/server-frames.ts';
import * as write from '../protocol/server-frames.ts';
import { MOST_MESSAGES } from './base/limits.ts';
import { event, type Harness, harness, isPerChannel, position, settled } from './client.fixture.ts';
import type { Gap, Handle, JoinOptions } from './client.ts';

function join(test: Harness, options?: JoinOptions): Handle {
	return (test.client.channels.teams?.rooms ?? assert.fail())({ team: 'red', room: 'a' }).join(
		options,
	);
}

/** A client that has joined a channel, with the messages that its handle took. */
async function open(
	options?: JoinOptions,
): Promise<Harness & { readonly handle: Handle; readonly taken: unknown[] }> {
	const test = harness();
	const handle = join(test, options);
	const taken: unknown[] = [];
	handle.on('said', (data) => taken.push(data));
	await settled();
	test.socket().welcome().join(7);
	return { ...test, handle, taken };
}

/** Loses the connection and accepts the next one. */
async function reconnect(test: Harness, isResumed = true): Promise<void> {
	test.socket().end();
	await test.clock.advance(20_000);
	test.socket().welcome({ isResumed });
}

const forbidden = { code: 'FORBIDDEN', message: 'No.' } as const;

describe('a join', () => {
	it('names the file and its parameters', async () => {
		const test = await open({ presence: { typing: false } });
		assert.deepEqual(test.socket().last('join'), {
			type: 'join',
			ref: 1,
			name: 'teams/rooms',
			params: new Map([
				['team', 'red'],
				['room', 'a'],
			]),
			hasPresence: true,
			presence: { typing: false },
		});
	});

	it('is shared by handles with the same parameters, in any order', async () => {
		const test = await open();
		test.client.channels.teams?.rooms?.({ room: 'a', team: 'red' }).join();
		test.client.channels.teams?.rooms?.({ room: 'b', team: 'red' }).join();
		await settled();
		assert.equal(test.joins().length, 2);
	});

	it('is sent once for handles that join in one task', async () => {
		const test = await open();
		const rooms = test.client.channels.rooms ?? assert.fail();
		rooms({ room: 'b' }).join({ since: position(1) });
		rooms({ room: 'b' }).join({ since: position(1) });
		await settled();
		assert.equal(test.joins().length, 2);
		assert.equal(test.joins().at(-1)?.since, position(1));
	});

	it('begins at a position, with the last messages, or now', async () => {
		for (const [options, since, last] of [
			[{ since: position(4) }, position(4), undefined],
			[{ since: { last: 50 } }, undefined, 50],
			[{ since: { last: 0 } }, undefined, 0],
			[{ since: { last: Number.POSITIVE_INFINITY } }, undefined, MOST_MESSAGES],
			[{}, undefined, undefined],
		] as const) {
			const test = await open(options);
			const frame = test.socket().last('join');
			assert.equal(frame.since, since);
			assert.equal(frame.last, last);
		}
	});

	it('begins now if the position of a page is empty', async () => {
		for (const since of ['', null]) {
			const test = await open({ since } as JoinOptions);
			assert.equal(test.socket().last('join').since, undefined);
		}
	});

	it('throws for what the server would not answer', async () => {
		const test = await open();
		let deep: unknown = 1;
		for (let depth = 0; depth < 31; depth++) deep = [deep];
		for (const options of [
			{ since: { last: -1 } },
			{ since: { last: Number.NaN } },
			{ presence: deep },
		]) {
			assert.throws(() => join(test, options), JSON.stringify(options).slice(0, 40));
		}
		assert.throws(() => test.handle.presence.update(deep), { code: 'BAD_REQUEST' });
		test.handle.presence.update((deep as unknown[])[0]);
		assert.equal(test.socket().all('presence').length, 1);
	});

	it('ends with the last handle', async () => {
		const test = await open();
		const other = join(test);
		test.handle.leave();
		test.handle.leave();
		assert.equal(test.socket().all('leave').length, 0);
		other.leave();
		assert.equal(test.socket().all('leave').length, 1);
		assert.equal(test.socket().last('leave').ref, test.socket().last('join').ref);
		assert.equal(test.handle.status.value.state, 'closed');
	});

	it('stays ended for a handle that left, whatever is done with it', async () => {
		const test = await open();
		test.handle.leave();
		test.handle.status.subscribe(() => {});
		test.handle.presence.listen(() => {});
		test.handle.on('said', () => {});
		test.handle.presence.update({ typing: true });
		await assert.rejects(test.handle.send('say'), { code: 'CLOSED' });
		await test.clock.advance(500);
		assert.equal(test.socket().all('join').length, 1);
		assert.equal(test.handle.status.value.state, 'closed');
	});

	it('ends when its signal is aborted', async () => {
		const controller = new AbortController();
		const test = await open({ signal: controller.signal });
		controller.abort();
		assert.equal(test.socket().all('leave').length, 1);
		const late = join(test, { signal: controller.signal });
		assert.equal(late.status.value.state, 'closed');
		await settled();
		assert.equal(test.socket().all('join').length, 1);
	});

	it('ends a second after the last listener has gone, and continues with the next one', async () => {
		const test = harness();
		const handle = join(test);
		const unlisten = handle.on('said', () => {});
		await settled();
		test.socket().welcome().join(7).deliver(event(7, 1));
		const unsubscribe = handle.status.subscribe(() => {});
		unlisten();
		await test.clock.advance(5_000);
		assert.equal(test.socket().all('leave').length, 0);
		unsubscribe();
		await test.clock.advance(999);
		handle.on('said', () => {})();
		await test.clock.advance(999);
		assert.equal(test.socket().all('leave').length, 0);
		await test.clock.advance(1);
		assert.equal(test.socket().all('leave').length, 1);
		assert.equal(handle.status.get().state, 'closed');
		handle.on('said', () => {});
		await settled();
		assert.equal(handle.status.get().state, 'connecting');
		assert.equal(test.socket().last('join').since, position(1));
	});

	it('does not begin, or end, with a listener whose signal is aborted', async () => {
		const test = harness();
		const signal = AbortSignal.abort();
		test.client.socket.on('message', () => {}, { signal });
		assert.equal(test.sockets.length, 0);
		const handle = join(test);
		await settled();
		test.socket().welcome().join(7);
		handle.on('said', () => assert.fail(), { signal })();
		test.socket().deliver(event(7, 1));
		await test.clock.advance(5_000);
		assert.equal(handle.status.value.state, 'open');
	});

	it('stays for a handle that only sends', async () => {
		const test = harness();
		const handle = join(test);
		await settled();
		test.socket().welcome().join(7);
		const result = handle.send('say', 1);
		test
			.socket()
			.deliver(
				write.replyFrame(test.socket().last('join').ref, test.socket().last('send').id, '2'),
			);
		assert.equal(await result, 2);
		await test.clock.advance(10_000);
		assert.equal(test.socket().all('leave').length, 0);
	});

	it('tells its state, with the same object while nothing changed', async () => {
		const test = harness();
		const handle = join(test);
		const states: string[] = [];
		handle.status.subscribe(({ state }) => states.push(state));
		await settled();
		test.socket().welcome();
		assert.equal(handle.status.value.state, 'connecting');
		test.socket().join(7);
		const status = handle.status.get();
		test.socket().deliver(event(7, 1));
		assert.equal(handle.status.get(), status);
		test.socket().end();
		await test.clock.advance(250);
		test.socket().welcome({ isResumed: true }).join(7);
		handle.leave();
		assert.deepEqual(states, ['connecting', 'open', 'waiting', 'connecting', 'open', 'closed']);
	});
});

describe('an ephemeral message of a user who was removed', () => {
	it('is dropped', async () => {
		const test = harness();
		const handle = join(test);
		await settled();
		test
			.socket()
			.welcome()
			.join(7, { ephemeral: ['move'] });
		test.socket().deliver(write.leftFrame(test.socket().last('join').ref, forbidden));
		assert.equal(await handle.send('move', 1), undefined);
		await assert.rejects(handle.send('say', 1), { code: 'FORBIDDEN' });
		assert.equal(test.socket().all('cast').length, 0);
	});
});

describe('messages before the first listener', () => {
	it('wait for all listeners of its task', async () => {
		const test = harness();
		const handle = join(test);
		await settled();
		test.socket().welcome().join(7).deliver(event(7, 1), event(7, 2));
		const heard: unknown[] = [];
		handle.on('other', () => {});
		handle.on('said', (_, { position: at }) => heard.push(at));
		assert.deepEqual(heard, []);
		await settled();
		assert.deepEqual(heard, [position(1), position(2)]);
		test.socket().deliver(event(7, 3));
		assert.deepEqual(heard, [position(1), position(2), position(3)]);
	});

	it('wait for the next listener after the last one', async () => {
		const test = harness();
		const handle = join(test);
		const taken: unknown[] = [];
		const listen = () => handle.on('said', (data) => taken.push(data));
		const unlisten = listen();
		await settled();
		test.socket().welcome().join(7).deliver(event(7, 1));
		void handle.send('say').catch(() => {});
		unlisten();
		test.socket().deliver(event(7, 2));
		listen()();
		await test.clock.advance(500);
		const unlistenAgain = listen();
		await settled();
		test.socket().deliver(event(7, 3));
		unlistenAgain();
		test.socket().deliver(event(7, 4));
		// The message is given up, the handle leaves, and continues.
		await test.clock.advance(22_000);
		listen();
		await settled();
		assert.deepEqual(test.joins().at(-1)?.since, position(4));
		assert.deepEqual(taken, [1, 2, 3, 4]);
	});

	it('come before those that follow in the same task', async () => {
		const test = harness();
		const late = join(test);
		const taken: unknown[] = [];
		const unlisten = join(test).on('said', () => {
			unlisten();
			late.on('said', (data) => taken.push(data));
		});
		await settled();
		test.socket().welcome().join(7);
		const messages = [1, 2, 3].map((number) => event(7, number).content);
		test.socket().deliver(messages.join('\n'));
		await settled();
		assert.deepEqual(taken, [1, 2, 3]);
	});

	it('wait up to 100, the newest ones', async () => {
		const test = harness();
		const handle = join(test);
		await settled();
		test.socket().welcome().join(7);
		for (let number = 1; number <= 101; number++) test.socket().deliver(event(7, number));
		const heard: unknown[] = [];
		handle.on('said', (_, { position: at }) => heard.push(at));
		await settled();
		assert.deepEqual([heard.length, heard[0]], [100, position(2)]);
	});
});

describe('the stores of a late handle', () => {
	it('begin with what a server renders, for an island that hydrates', async () => {
		const test = harness();
		join(test);
		await settled();
		test.socket().welcome().join(7);
		const late = join(test);
		assert.equal(late.status.value, late.status.init);
		await settled();
		assert.deepEqual(late.status.value, { state: 'open' });
	});
});

describe('a refused join', () => {
	it('is told, and not tried again', async () => {
		const test = harness();
		const handle = join(test);
		const sent = assert.rejects(handle.send('say'), { code: 'FORBIDDEN' });
		await settled();
		test.socket().welcome();
		test.socket().deliver(write.refusedFrame(test.socket().last('join').ref, forbidden));
		const { state, error } = handle.status.value;
		assert.equal(state, 'refused');
		assert.equal(error?.code, 'FORBIDDEN');
		await sent;
		await assert.rejects(handle.send('say'), { code: 'FORBIDDEN' });
		await reconnect(test);
		assert.equal(handle.status.value.state, 'refused');
		assert.equal(test.joins().length, 1);
	});

	it('is tried again after the time that the server tells', async () => {
		const test = harness();
		const handle = join(test);
		await settled();
		test.socket().welcome();
		const error = { code: 'TOO_MANY_REQUESTS', message: 'Wait.', retryAfter: 1_000 } as const;
		test.socket().deliver(write.refusedFrame(test.socket().last('join').ref, error));
		assert.equal(handle.status.value.state, 'refused');
		assert.equal(handle.status.value.retryAt, test.clock.now() + 1_000);
		const sent = handle.send('say', 1);
		const states: string[] = [];
		handle.status.listen(({ state }) => states.push(state));
		await test.clock.advance(1_000);
		assert.equal(test.joins().length, 2);
		assert.deepEqual(states, ['connecting']);
		test.socket().join(7);
		assert.equal(handle.status.value.state, 'open');
		const { ref } = test.socket().last('join');
		test.socket().deliver(write.replyFrame(ref, test.socket().last('send').id, '3'));
		assert.equal(await sent, 3);
	});

	it('that waits is tried again by a new connection', async () => {
		const test = harness();
		const handle = join(test);
		await settled();
		test.socket().welcome();
		const error = { code: 'SERVICE_UNAVAILABLE', message: 'Wait.', retryAfter: 60_000 } as const;
		test.socket().deliver(write.refusedFrame(test.socket().last('join').ref, error));
		test.socket().end();
		// A connection that carried only this join has ended by itself.
		assert.equal(handle.status.value.state, isPerChannel ? 'refused' : 'waiting');
		await test.clock.advance(isPerChannel ? 60_000 : 250);
		test.socket().welcome({ isResumed: true }).join(7);
		assert.equal(handle.status.value.state, 'open');
		await test.clock.advance(20_000);
		assert.equal(test.socket().all('join').length, 1);
	});

	it('is tried again for a new handle', async () => {
		const test = await open();
		test.socket().deliver(write.leftFrame(test.socket().last('join').ref, forbidden));
		const late = join(test);
		assert.equal(late.status.value.state, 'connecting');
		await settled();
		assert.equal(test.joins().length, 2);
		test.socket().join(7);
		assert.equal(test.handle.status.value.state, 'open');
	});

	it('is tried again for a new handle when the refused one leaves at this news', async () => {
		const test = await open();
		test.socket().deliver(write.leftFrame(test.socket().last('join').ref, forbidden));
		test.handle.status.listen(() => test.handle.leave());
		const late = join(test);
		await settled();
		await test.clock.advance(2_000);
		assert.equal(test.joins().length, 2);
		test.socket().join(7);
		assert.equal(late.status.value.state, 'open');
	});

	it('is told to no handle after a listener has joined again', async () => {
		const test = await open();
		const late: Handle[] = [];
		test.handle.status.listen(({ state }) => {
			if (state === 'refused') late.push(join(test));
		});
		const handles = [test.handle, join(test)];
		test.socket().deliver(write.leftFrame(test.socket().last('join').ref, forbidden));
		assert.equal(late.length, 1);
		assert.deepEqual(
			[...handles, ...late].map(({ status }) => status.value.state),
			['connecting', 'connecting', 'connecting'],
		);
	});

	it('that waits is given up with the connection', async () => {
		// The connection that carried only this join has ended by itself.
		if (isPerChannel) return;
		const test = harness();
		const handle = join(test);
		await settled();
		test.socket().welcome();
		const error = { code: 'SERVICE_UNAVAILABLE', message: 'Wait.', retryAfter: 60_000 } as const;
		test.socket().deliver(write.refusedFrame(test.socket().last('join').ref, error));
		test.socket().end(4500, 'Malformed.');
		assert.equal(handle.status.value.state, 'closed');
		assert.equal(handle.status.value.error?.message, 'Malformed.');
		assert.equal(test.clock.pending, 0);
	});

	it('can come later: the server ends the join', async () => {
		const test = await open();
		const states: string[] = [];
		test.handle.status.listen(({ state }) => states.push(state));
		test.socket().deliver(write.leftFrame(test.socket().last('join').ref, forbidden));
		assert.deepEqual(states, ['refused']);
		test.socket().deliver(event(7, 1));
		assert.deepEqual(test.taken, []);
		await reconnect(test);
		assert.equal(test.joins().length, 1);
	});
});

describe('messages of a channel', () => {
	it('come with what is known of them', async () => {
		const test = await open();
		const calls: unknown[] = [];
		test.handle.on('said', (...args) => calls.push(args));
		const parts = { position: position(1), previous: 'e.0.', at: 5, name: 'said' };
		test.socket().deliver(
			write.eventFrame(7, { ...parts, from: 'c1', id: 'x', data: '{"a":1}' }),
			write.castFrame(7, 'c2', 'said', undefined),
			write.castFrame(7, undefined, 'said', new Uint8Array([1, 2])),
			write.castFrame(7, undefined, 'constructor', '1'),
			write.snapshotFrame(7, {
				position: position(2),
				at: 6,
				from: undefined,
				id: undefined,
				name: 'said',
				data: '"all"',
			}),
		);
		const nothing = { id: undefined, at: undefined, position: undefined, isSnapshot: false };
		assert.deepEqual(calls, [
			[{ a: 1 }, { id: 'x', at: 5, position: position(1), from: 'c1', isSnapshot: false }],
			[undefined, { ...nothing, from: 'c2' }],
			[new Uint8Array([1, 2]), { ...nothing, from: undefined }],
			['all', { id: undefined, at: 6, position: position(2), from: undefined, isSnapshot: true }],
		]);
		assert.equal(test.handle.position, position(2));
	});

	it('reach all listeners if one throws, and no longer those that ended', async (context) => {
		const report = context.mock.method(console, 'error', () => {});
		const test = await open();
		const controller = new AbortController();
		const heard: unknown[] = [];
		test.handle.on('said', () => {
			throw new Error('Broken.');
		});
		const unlisten = test.handle.on('said', (data) => heard.push(['first', data]));
		test.handle.on('said', (data) => heard.push(['second', data]), controller);
		test.socket().deliver(event(7, 1));
		unlisten();
		controller.abort();
		test.socket().deliver(event(7, 2));
		assert.deepEqual(heard, [
			['first', 1],
			['second', 1],
		]);
		assert.deepEqual(test.taken, [1, 2]);
		assert.equal(report.mock.callCount(), 2);
	});

	it('do not reach a listener that an earlier one removed', async () => {
		const test = await open();
		test.handle.on('said', () => unlisten());
		const heard: string[] = [];
		const unlisten = test.handle.on('said', () => heard.push('removed'));
		test.handle.on('said', () => test.handle.leave());
		test.handle.on('said', () => heard.push('left'));
		test.socket().deliver(event(7, 1));
		assert.deepEqual(heard, []);
		assert.deepEqual(test.taken, [1]);
	});

	it('are dropped between leave and left', async () => {
		const test = await open();
		const { ref } = test.socket().last('join');
		test.handle.leave();
		const late = join(test);
		late.on('said', (data) => test.taken.push(data));
		await settled();
		test.socket().deliver(event(7, 1), write.castFrame(7, undefined, 'said', '0'));
		test
			.socket()
			.deliver(write.leftFrame(ref, null))
			.join(7, { position: position(1) });
		test.socket().deliver(event(7, 2));
		assert.deepEqual(test.taken, [2]);
	});

	it('that break the order close the connection, which resumes', async () => {
		const test = await open();
		test.socket().deliver(event(7, 1), event(7, 3), event(7, 4));
		assert.deepEqual(test.taken, [1]);
		assert.equal(test.socket().closedWith, 4400);
		await test.clock.advance(250);
		test.socket().accept();
		assert.equal(test.socket().last('join').since, position(1));
		test
			.socket()
			.welcome({ isResumed: true })
			.join(8, { position: position(1) });
		test.socket().deliver(event(8, 2), event(8, 3));
		assert.deepEqual(test.taken, [1, 2, 3]);
	});

	it('of before the join break no order if the position matches', async () => {
		const test = await open({ since: position(5) });
		await reconnect(test);
		assert.equal(test.socket().last('join').since, position(5));
	});

	it('are continued after a gap, which is told', async () => {
		const gaps: Gap[] = [];
		const test = await open({ onGap: (gap) => gaps.push(gap) });
		const silent = join(test);
		test.socket().deliver(event(7, 1));
		await reconnect(test);
		test.socket().join(7, { position: position(4) });
		test.socket().deliver(write.gapFrame(7, 'trimmed', position(4)), event(7, 5));
		assert.deepEqual(gaps, [{ reason: 'trimmed', position: position(4) }]);
		assert.deepEqual(test.taken, [1, 5]);
		assert.equal(silent.position, position(5));
		test.socket().deliver(write.gapFrame(7, 'restarted', 'f.0.'));
		assert.equal(test.handle.position, 'f.0.');
		assert.equal(gaps.length, 2);
	});

	it('whose gap is told do not tell it to a handle that an earlier one left', async () => {
		const gaps: string[] = [];
		const test = await open({
			onGap() {
				gaps.push('first');
				other.leave();
			},
		});
		const other = join(test, { onGap: () => gaps.push('left') });
		test.socket().deliver(write.gapFrame(7, 'restarted', 'f.0.'));
		assert.deepEqual(gaps, ['first']);
	});

	it('of a snapshot stand for all before it', async () => {
		const test = await open();
		test
			.socket()
			.deliver(
				JSON.stringify(['snapshot', 7, position(9), 1, null, null, 'said', 'all']),
				event(7, 10),
			);
		assert.deepEqual(test.taken, ['all', 10]);
	});
});

describe('a late handle', () => {
	it('without a position gets what comes from now', async () => {
		const test = await open();
		test.socket().deliver(event(7, 1));
		const late: unknown[] = [];
		const handle = join(test);
		handle.on('said', (data) => late.push(data));
		assert.equal(handle.position, position(1));
		await settled();
		test.socket().deliver(event(7, 2));
		assert.deepEqual(late, [2]);
		assert.equal(test.socket().all('join').length, 1);
	});

	it('without a position gets nothing of the past while another one catches up', async () => {
		const test = await open();
		test.socket().deliver(event(7, 1), event(7, 2));
		join(test, { since: 'e.0.' });
		await settled();
		test.socket().join(7).deliver(event(7, 1));
		const late: unknown[] = [];
		join(test).on('said', (data) => late.push(data));
		await settled();
		assert.equal(test.socket().all('join').length, 2);
		test.socket().deliver(event(7, 2), event(7, 3));
		assert.deepEqual(late, [3]);
	});

	it('without a position shares a join without one that is under way', async () => {
		const test = harness();
		join(test);
		await settled();
		test.socket().welcome();
		const late: unknown[] = [];
		join(test).on('said', (data) => late.push(data));
		await settled();
		test.socket().join(7).deliver(event(7, 1));
		assert.deepEqual(late, [1]);
		assert.equal(test.socket().all('join').length, 1);
	});

	it('at the position of the others shares their join', async () => {
		const test = await open();
		test.socket().deliver(event(7, 1));
		join(test, { since: position(1) });
		await settled();
		assert.equal(test.socket().all('join').length, 1);
	});

	it('at an older position gets what it misses, and the others nothing twice', async () => {
		const test = await open({ since: 'e.0.' });
		test.socket().deliver(event(7, 1), event(7, 2));
		const { ref } = test.socket().last('join');
		const late: unknown[] = [];
		join(test, { since: 'e.0.' }).on('said', (data) => late.push(data));
		await settled();
		assert.equal(test.socket().last('leave').ref, ref);
		assert.equal(test.socket().last('join').since, 'e.0.');
		test.socket().deliver(event(7, 3), write.leftFrame(ref, null)).join(7, { position: 'e.0.' });
		test.socket().deliver(event(7, 1), event(7, 2), event(7, 3), event(7, 4));
		assert.deepEqual(late, [1, 2, 3, 4]);
		assert.deepEqual(test.taken, [1, 2, 3, 4]);
		await test.clock.advance(10_000);
		assert.equal(test.socket().all('join').length, 2);
	});

	it('at a newer position waits for no one, and the others miss nothing', async () => {
		const test = await open({ since: 'e.0.' });
		const late: unknown[] = [];
		join(test, { since: position(2) }).on('said', (data) => late.push(data));
		await settled();
		test
			.socket()
			.join(7, { position: position(2) })
			.deliver(event(7, 3));
		assert.deepEqual(late, [3]);
		assert.deepEqual(test.taken, []);
		await test.clock.advance(2_000);
		assert.equal(test.socket().last('join').since, 'e.0.');
		test.socket().join(7, { position: 'e.0.' });
		test.socket().deliver(event(7, 1), event(7, 2), event(7, 3), event(7, 4));
		assert.deepEqual(test.taken, [1, 2, 3, 4]);
		assert.deepEqual(late, [3, 4]);
	});

	it('at a position does not wait if one without a position joins in the same task', async () => {
		const test = harness();
		const late: unknown[] = [];
		const live: unknown[] = [];
		join(test, { since: position(1) }).on('said', (data) => late.push(data));
		join(test).on('said', (data) => live.push(data));
		await settled();
		test.socket().welcome();
		assert.equal(test.socket().last('join').since, undefined);
		test.socket().join(7, { position: position(3) });
		assert.equal(test.socket().last('join').since, position(1));
		test.socket().join(7, { position: position(1) });
		test.socket().deliver(event(7, 2), event(7, 3), event(7, 4));
		assert.deepEqual(late, [2, 3, 4]);
		assert.deepEqual(live, [4]);
	});

	it('alone is told of its gap', async () => {
		const others: Gap[] = [];
		const test = await open({ onGap: (gap) => others.push(gap) });
		test.socket().deliver(event(7, 1), event(7, 2), event(7, 3));
		const gaps: Gap[] = [];
		const late: unknown[] = [];
		join(test, { since: 'e.0.', onGap: (gap) => gaps.push(gap) }).on('said', (data) =>
			late.push(data),
		);
		await settled();
		test.socket().join(7, { position: position(2) });
		test.socket().deliver(write.gapFrame(7, 'trimmed', position(2)), event(7, 3), event(7, 4));
		assert.equal(gaps.length, 1);
		assert.deepEqual(others, []);
		assert.deepEqual(late, [3, 4]);
		assert.deepEqual(test.taken, [1, 2, 3, 4]);
	});

	it('joins with its own position while another one catches up', async () => {
		const test = await open({ since: 'e.0.' });
		test.socket().deliver(event(7, 1), event(7, 2), event(7, 3));
		const logs: unknown[][] = [[], []];
		join(test, { since: 'e.0.' }).on('said', (data) => logs[0]?.push(data));
		await settled();
		test.socket().join(7).deliver(event(7, 1), event(7, 2));
		join(test, { since: position(1) }).on('said', (data) => logs[1]?.push(data));
		await settled();
		assert.equal(test.socket().last('join').since, position(1));
		test.socket().join(7, { position: position(1) });
		test.socket().deliver(event(7, 2), event(7, 3), event(7, 4));
		assert.deepEqual(logs, [
			[1, 2, 3, 4],
			[2, 3, 4],
		]);
		assert.deepEqual(test.taken, [1, 2, 3, 4]);
	});

	it('is told at once what a channel does not keep, and the join stays', async () => {
		const test = harness();
		const taken: unknown[] = [];
		join(test).on('said', (data) => taken.push(data));
		await settled();
		test.socket().welcome().join(7, { keeps: false }).deliver(event(7, 1));
		const gaps: Gap[] = [];
		join(test, { since: 'e.0.', onGap: (gap) => gaps.push(gap) }).on('said', (data) =>
			taken.push(data),
		);
		join(test, { since: { last: 5 }, onGap: (gap) => gaps.push(gap) });
		await settled();
		assert.deepEqual(gaps, [{ reason: 'not kept', position: position(1) }]);
		test.socket().deliver(event(7, 2));
		assert.deepEqual(taken, [1, 2, 2]);
		assert.equal(test.socket().all('join').length, 1);
	});

	it('can ask for the last messages', async () => {
		const test = await open();
		test.socket().deliver(event(7, 1), event(7, 2), event(7, 3));
		const late: unknown[] = [];
		join(test, { since: { last: 2 } }).on('said', (data) => late.push(data));
		await settled();
		assert.equal(test.socket().last('join').last, 2);
		test
			.socket()
			.join(7, { position: position(1) })
			.deliver(event(7, 2), event(7, 3), event(7, 4));
		assert.deepEqual(late, [2, 3, 4]);
		assert.deepEqual(test.taken, [1, 2, 3, 4]);
	});
});

describe('presence', () => {
	const ada = { id: 'm1', user: { id: 'ada' }, data: { typing: false }, since: 1 };
	const grace = { id: 'm2', user: { id: 'grace' }, data: { typing: false }, since: 2 };

	it('is a list that changes, and the same list while it does not', async () => {
		const test = await open({ presence: { typing: false } });
		const { presence } = test.handle;
		const lists: unknown[] = [];
		presence.subscribe((members) => lists.push(members));
		test.socket().deliver(write.membersFrame(7, [ada], 1));
		const list = presence.get();
		test
			.socket()
			.deliver(event(7, 1), write.changesFrame(7, { joined: [], changed: [], left: [] }, 1));
		assert.equal(presence.value, list);
		const typing = { ...ada, data: { typing: true } };
		test
			.socket()
			.deliver(
				write.changesFrame(7, { joined: [grace], changed: [typing], left: [] }, 2),
				write.changesFrame(7, { joined: [], changed: [], left: ['m1', '__proto__'] }, 1),
			);
		assert.deepEqual(lists, [[], [ada], [typing, grace], [grace]]);
		assert.equal(presence.count.value, 1);
	});

	it('is a number alone for many members', async () => {
		const test = await open();
		const counts: number[] = [];
		test.handle.presence.count.subscribe((count) => counts.push(count));
		test.socket().deliver(write.membersFrame(7, [ada], 1), write.membersFrame(7, null, 501));
		assert.deepEqual(test.handle.presence.get(), []);
		assert.deepEqual(counts, [0, 1, 501]);
	});

	/** Users are shown by their ids, and connections by theirs. */
	const users = ['ada', 'bob', 'cy'].map((id, since) => ({ id, user: { id }, data: {}, since }));
	const [, bob, cy] = users as [PresentMember, PresentMember, PresentMember];
	const guest = { id: 'c1', data: {}, since: 9 };

	interface Restarted {
		readonly test: Awaited<ReturnType<typeof open>>;
		readonly lists: (readonly string[])[];
		readonly counts: number[];
	}

	/** A channel with three users and a guest, whose server forgets the session. */
	async function forgotten(): Promise<Restarted> {
		const test = await open();
		const lists: (readonly string[])[] = [];
		const counts: number[] = [];
		test.socket().deliver(write.membersFrame(7, [...users, guest], 4));
		test.handle.presence.listen((members) => lists.push(members.map(({ id }) => id)));
		test.handle.presence.count.listen((count) => counts.push(count));
		await reconnect(test, false);
		test
			.socket()
			.join(7)
			.deliver(write.membersFrame(7, [], 0));
		return { test, lists, counts };
	}

	const changed = (joined: readonly PresentMember[], left: readonly string[], count: number) =>
		write.changesFrame(7, { joined, changed: [], left }, count);

	it('keeps users who come back to a server that restarted', async () => {
		const { test, lists, counts } = await forgotten();
		test.socket().deliver(write.gapFrame(7, 'restarted', 'f.0.'), changed([bob], [], 1));
		await test.clock.advance(10_000);
		test.socket().deliver(changed([cy], [], 2), changed([], ['cy'], 1));
		assert.deepEqual(lists, [
			['ada', 'bob', 'cy'],
			['ada', 'bob', 'cy'],
			['ada', 'bob', 'cy'],
			['ada', 'bob'],
		]);
		await test.clock.advance(5_000);
		assert.deepEqual(lists.at(-1), ['bob']);
		assert.deepEqual(counts, [3, 2, 1]);
	});

	it('lets users go whom a server without a restart does not name', async () => {
		const { test, lists } = await forgotten();
		await test.clock.advance(2_000);
		assert.deepEqual(lists, [['ada', 'bob', 'cy'], []]);
		assert.equal(test.handle.presence.count.get(), 0);
	});

	it('takes the list of a server that knows the session', async () => {
		const test = await open();
		test.socket().deliver(write.membersFrame(7, users, 3));
		await reconnect(test);
		test
			.socket()
			.join(7)
			.deliver(write.membersFrame(7, [bob], 1));
		assert.deepEqual(test.handle.presence.get(), [bob]);
	});

	it('is an empty list of its own for each handle', async () => {
		const test = await open();
		const first = test.handle.presence.get();
		test.socket().deliver(write.membersFrame(7, [ada], 1));
		// As Solid's `reconcile()` does with an old value.
		(first as unknown[]).push(ada);
		test.socket().deliver(write.membersFrame(7, null, 501));
		assert.deepEqual(test.handle.presence.get(), []);
		test.handle.leave();
		assert.deepEqual(test.handle.presence.get(), []);
		assert.deepEqual(join(test).presence.get(), []);
	});

	it('is known to a late handle, after the task in which it joins', async () => {
		const test = await open();
		test.socket().deliver(write.membersFrame(7, [ada], 1));
		const late = join(test);
		assert.deepEqual(late.presence.get(), []);
		await settled();
		assert.equal(late.presence.get(), test.handle.presence.get());
		assert.equal(late.presence.count.get(), 1);
	});

	it('keeps the last list while the connection is lost', async () => {
		const test = await open();
		test.socket().deliver(write.membersFrame(7, [ada], 1));
		await reconnect(test);
		assert.deepEqual(test.handle.presence.get(), [ada]);
		test
			.socket()
			.join(7)
			.deliver(write.membersFrame(7, [grace], 1));
		assert.deepEqual(test.handle.presence.get(), [grace]);
	});

	it('sends the newest own data, at once or with the next join', async () => {
		const test = await open({ presence: { typing: false } });
		assert.equal(test.socket().all('presence').length, 0);
		test.handle.presence.update({ typing: true });
		assert.deepEqual(test.socket().last('presence').data, { typing: true });
		test.socket().end();
		test.handle.presence.update({ typing: 'no' });
		await test.clock.advance(20_000);
		test.socket().welcome({ isResumed: true });
		assert.deepEqual(test.socket().last('join').presence, { typing: 'no' });
		test.handle.presence.update({ typing: 'yes' });
		assert.equal(test.socket().all('presence').length, 0);
		test.socket().join(7);
		assert.deepEqual(test.socket().last('presence').data, { typing: 'yes' });
	});

	it('goes back to data that a join succeeded with, if the next one is refused', async () => {
		const test = await open({ presence: { typing: false } });
		// The server drops it in silence.
		test.handle.presence.update({ typing: 'too long' });
		test.socket().end();
		await test.clock.advance(20_000);
		test.socket().welcome({ isResumed: true });
		const { ref, presence } = test.socket().last('join');
		assert.deepEqual(presence, { typing: 'too long' });
		test.socket().deliver(write.refusedFrame(ref, { code: 'BAD_REQUEST', message: 'Too long.' }));
		const { state, error, retryAt } = test.handle.status.value;
		assert.deepEqual([state, error?.message], ['refused', 'Too long.']);
		assert.equal(retryAt, test.clock.now());
		await test.clock.advance(0);
		assert.deepEqual(test.joins().at(-1)?.presence, { typing: false });
		test.socket().join(7);
		assert.equal(test.handle.status.value.state, 'open');
		// Another refusal has another cause.
		test.socket().end();
		await test.clock.advance(20_000);
		test.socket().welcome({ isResumed: true });
		test.socket().deliver(write.refusedFrame(test.socket().last('join').ref, forbidden));
		assert.equal(test.handle.status.value.retryAt, undefined);
	});

	it('is not taken back if the first join is refused, or if the server ends a join', async () => {
		const test = await open({ presence: { typing: false } });
		test.handle.presence.update({ typing: true });
		test.socket().deliver(write.leftFrame(test.socket().last('join').ref, forbidden));
		assert.equal(test.handle.status.value.retryAt, undefined);
		const other = harness();
		const handle = join(other, { presence: { typing: 'too long' } });
		await settled();
		other.joins();
		const { ref } = other.socket().last('join');
		other.socket().deliver(write.refusedFrame(ref, forbidden));
		assert.equal(handle.status.value.retryAt, undefined);
	});

	it('is a copy of what the page may change', async () => {
		const own = { typing: false };
		const test = await open({ presence: own });
		own.typing = true;
		test.handle.presence.update(own);
		own.typing = false;
		await reconnect(test);
		assert.deepEqual(test.socket().last('join').presence, { typing: true });
	});

	it('of a late handle replaces that of the join', async () => {
		const test = await open();
		join(test, { presence: { typing: true } });
		assert.deepEqual(test.socket().last('presence').data, { typing: true });
	});
});
