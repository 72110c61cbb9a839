import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { describe, it } from 'node:test';
import { LONGEST_FRAME } from '../protocol/constants.ts';
import type { ErrorData } from '../protocol/errors.ts';
import * as write from '../protocol/server-frames.ts';
import { event, type Harness, harness, position, settled } from './client.fixture.ts';
import type { Handle } from './client.ts';

type Joined = Harness & { readonly handle: Handle };

async function start(): Promise<Joined> {
	const test = harness();
	const handle = (test.client.channels.rooms ?? assert.fail())({ room: 'a' }).join();
	await settled();
	return { ...test, handle };
}

async function open(details?: Partial<write.JoinedDetails>): Promise<Joined> {
	const test = await start();
	test.socket().welcome().join(7, details);
	return test;
}

/** Answers the message with an id. */
function reply(test: Harness, id: number, data?: string): void {
	test.socket().deliver(write.replyFrame(test.socket().last('join').ref, id, data));
}

async function reconnect(test: Harness, isResumed: boolean): Promise<void> {
	test.socket().end();
	await test.clock.advance(250);
	test.socket().welcome({ isResumed });
}

describe('a message', () => {
	it('resolves with the result', async () => {
		const test = await open();
		const result = test.handle.send('say', { text: 'hi' });
		const { ref, id, name, data } = test.socket().last('send');
		assert.equal(ref, test.socket().last('join').ref);
		assert.deepEqual([name, data], ['say', { text: 'hi' }]);
		reply(test, id, '{"length":2}');
		assert.deepEqual(await result, { length: 2 });
		reply(test, id, '1');
	});

	it('may carry nothing, and its result be nothing', async () => {
		const test = await open();
		const result = test.handle.send('clear');
		assert.equal(test.socket().last('send').data, undefined);
		reply(test, test.socket().last('send').id);
		assert.equal(await result, undefined);
	});

	it('is sent in part if it is too large, as much as a server refuses', async () => {
		const test = await open({ ephemeral: ['move'] });
		const sent: (string | Uint8Array)[] = [];
		test.socket().send = (data) => sent.push(data);
		void test.handle.send('say', 'x'.repeat(2_000_000));
		void test.handle.send('say', new Uint8Array(2_000_000));
		void test.handle.send('move', 'x'.repeat(2_000_000));
		test.handle.presence.update('x'.repeat(2_000_000));
		const expected = ['["send",1,2,"say","xxx', '', '["cast",1,"move","xxx', '["presence",1,"xxx'];
		assert.deepEqual(
			sent.map(({ length }) => length),
			expected.map(() => LONGEST_FRAME),
		);
		for (const [index, beginning] of expected.entries()) {
			if (beginning) assert.ok(String(sent[index]).startsWith(beginning), beginning);
		}
		const largest = new Uint8Array(65_536);
		void test.handle.send('say', largest);
		assert.deepEqual(sent.at(-1)?.slice(-largest.length), largest);
	});

	it('rejects with the error of the server', async () => {
		const test = await open();
		const result = test.handle.send('say');
		const error: ErrorData = { code: 'BAD_REQUEST', message: 'No.', fields: { text: ['Long.'] } };
		const { ref, id } = test.socket().last('send');
		test.socket().deliver(write.errorFrame(ref, id, error));
		await assert.rejects(result, { ...error, name: 'RealtimeError', isInputError: true });
	});

	it('carries bytes, as they are when it is sent', async () => {
		const test = await start();
		const bytes = new Uint8Array([0, 1, 2, 3]);
		for (const data of [bytes, bytes.buffer, new DataView(bytes.buffer, 1, 2)]) {
			void test.handle.send('stroke', data);
		}
		bytes.fill(9);
		test.socket().welcome().join(7);
		assert.deepEqual(
			test
				.socket()
				.all('send')
				.map(({ data }) => [...(data as Uint8Array)]),
			[
				[0, 1, 2, 3],
				[0, 1, 2, 3],
				[1, 2],
			],
		);
	});

	it('is written as JSON when it is sent, and rejects if it cannot be', async () => {
		const test = await start();
		const data = { text: 'hi' };
		void test.handle.send('say', data);
		data.text = 'changed';
		const cycle: Record<string, unknown> = {};
		cycle.cycle = cycle;
		await assert.rejects(test.handle.send('say', cycle), TypeError);
		test.socket().welcome().join(7);
		assert.deepEqual(test.socket().last('send').data, { text: 'hi' });
	});

	it('waits for the join, in order', async () => {
		const test = await start();
		for (const number of [1, 2, 3]) void test.handle.send('say', number);
		test.socket().welcome();
		assert.equal(test.socket().all('send').length, 0);
		test.socket().join(7);
		assert.deepEqual(
			test
				.socket()
				.all('send')
				.map(({ data }) => data),
			[1, 2, 3],
		);
		assert.equal(
			new Set(
				test
					.socket()
					.all('send')
					.map(({ id }) => id),
			).size,
			3,
		);
	});

	it('rejects if 100 wait for a connection', async () => {
		const test = await start();
		const results = Array.from({ length: 100 }, (_, index) => test.handle.send('say', index));
		await assert.rejects(test.handle.send('say'), { code: 'TOO_MANY_REQUESTS' });
		test.socket().welcome().join(7);
		for (let index = 0; index < 100; index++) {
			const { id } = test.socket().all('send')[index] ?? assert.fail(`No message ${index}.`);
			reply(test, id, String(index));
		}
		assert.deepEqual(await Promise.all(results), [...results.keys()]);
		void test.handle.send('say');
		assert.equal(test.socket().all('send').length, 101);
		test.socket().end();
		// Those that are answered no longer count.
		for (let count = 0; count < 99; count++) void test.handle.send('say');
		await assert.rejects(test.handle.send('say'), { code: 'TOO_MANY_REQUESTS' });
	});

	it('waits for an answer if 16 are not answered, as the server takes no more', async () => {
		const test = await open();
		const sent = () =>
			test
				.socket()
				.all('send')
				.map(({ data }) => data);
		const first = Array.from({ length: 16 }, (_, index) => index);
		const results = [...first, 16, 17].map((number) => test.handle.send('say', number));
		assert.deepEqual(sent(), first);
		const { ref, id } = test.socket().last('send');
		test.socket().deliver(write.errorFrame(ref, id, { code: 'CONFLICT', message: 'No.' }));
		await assert.rejects(results[15] ?? assert.fail(), { code: 'CONFLICT' });
		assert.deepEqual(sent(), [...first, 16]);
		// Those that were written are sent again, and the others for the first time.
		await reconnect(test, true);
		test.socket().join(7);
		assert.deepEqual(sent(), [...first.slice(0, 15), 16]);
		const uncertain = [...results.slice(0, 15), results[16]].map((result) =>
			assert.rejects(result ?? assert.fail(), { code: 'UNCERTAIN' }),
		);
		test.socket().end();
		await test.clock.advance(500);
		test.socket().welcome({ isResumed: false }).join(7);
		await Promise.all(uncertain);
		assert.deepEqual(sent(), [17]);
	});

	it('waits no longer behind one whose sender left', async () => {
		const test = await open();
		const other = (test.client.channels.rooms ?? assert.fail())({ room: 'a' }).join();
		for (let count = 0; count < 16; count++) other.send('say').catch(() => {});
		void test.handle.send('say', 'kept');
		const [first] = test.socket().all('send');
		other.leave();
		reply(test, first?.id ?? 0);
		assert.equal(test.socket().last('send').data, 'kept');
	});

	it('does not stay with a signal that outlives it', async () => {
		const test = await open();
		const { signal } = new AbortController();
		const result = test.handle.send('say', 1, { signal });
		assert.equal(getEventListeners(signal, 'abort').length, 1);
		reply(test, test.socket().last('send').id);
		await result;
		test.handle.on('said', () => {}, { signal })();
		assert.equal(getEventListeners(signal, 'abort').length, 0);
	});

	it('rejects after its timeout, and is not sent any more', async () => {
		const test = await start();
		const slow = assert.rejects(test.handle.send('say', 1), { code: 'TIMEOUT' });
		const quick = assert.rejects(test.handle.send('say', 2, { timeout: 100 }), { code: 'TIMEOUT' });
		await test.clock.advance(100);
		await quick;
		test.socket().welcome().join(7);
		assert.deepEqual(
			test
				.socket()
				.all('send')
				.map(({ data }) => data),
			[1],
		);
		for (let passed = 100; passed < 20_000; passed += 9_950) {
			test.socket().pong();
			await test.clock.advance(9_950);
		}
		await slow;
	});

	it('rejects when its signal is aborted', async () => {
		const test = await start();
		const controller = new AbortController();
		const result = test.handle.send('say', 1, controller);
		controller.abort(new Error('Enough.'));
		await assert.rejects(result, /Enough/);
		await assert.rejects(test.handle.send('say', 1, controller), /Enough/);
		test.socket().welcome().join(7);
		assert.equal(test.socket().all('send').length, 0);
	});

	it('rejects when its handle leaves, and others are kept', async () => {
		const test = await open();
		const other = (test.client.channels.rooms ?? assert.fail())({ room: 'a' }).join();
		const kept = other.send('say', 1);
		const left = assert.rejects(test.handle.send('say', 2), { code: 'CLOSED' });
		test.handle.leave();
		await left;
		await assert.rejects(test.handle.send('say', 3), { code: 'CLOSED' });
		reply(test, test.socket().all('send')[0]?.id ?? 0, '1');
		assert.equal(await kept, 1);
	});
});

describe('a message in flight when the connection is lost', () => {
	it('is sent again with its id in the same session', async () => {
		const test = await open();
		const result = test.handle.send('say', 1);
		const { id } = test.socket().last('send');
		await reconnect(test, true);
		test.socket().join(7);
		assert.equal(test.socket().last('send').id, id);
		reply(test, id, '5');
		assert.equal(await result, 5);
	});

	it('rejects as uncertain in a new session, and those not sent yet are sent', async () => {
		const test = await open();
		const uncertain = assert.rejects(test.handle.send('say', 1), { code: 'UNCERTAIN' });
		test.socket().end();
		void test.handle.send('say', 2);
		await test.clock.advance(250);
		test.socket().welcome({ isResumed: false }).join(7);
		await uncertain;
		assert.deepEqual(
			test
				.socket()
				.all('send')
				.map(({ data }) => data),
			[2],
		);
	});

	it('is sent with a new id in a new session if it is idempotent', async () => {
		const test = await open({ idempotent: ['say'] });
		const result = test.handle.send('say', 1);
		const { id } = test.socket().last('send');
		await reconnect(test, false);
		test.socket().join(7, { idempotent: ['say'] });
		const again = test.socket().last('send');
		assert.notEqual(again.id, id);
		reply(test, again.id, '1');
		assert.equal(await result, 1);
	});

	it('is sent again if the join is made anew for a late handle', async () => {
		const test = await open();
		test.socket().deliver(event(7, 1));
		const result = test.handle.send('say', 1);
		const { id, ref } = test.socket().last('send');
		(test.client.channels.rooms ?? assert.fail())({ room: 'a' }).join({ since: 'e.0.' });
		await settled();
		// The answer to the join that ends would come before messages that it belongs to.
		test.socket().deliver(write.replyFrame(ref, id, '1'), write.leftFrame(ref, null));
		test.socket().join(7).deliver(event(7, 1));
		assert.equal(test.socket().last('send').id, id);
		assert.notEqual(test.socket().last('send').ref, ref);
		reply(test, id, '2');
		assert.equal(await result, 2);
	});
});

describe('a message of a handle that waits for its position', () => {
	async function ahead(details?: Partial<write.JoinedDetails>): Promise<Joined> {
		const test = harness();
		const channel = (test.client.channels.rooms ?? assert.fail())({ room: 'a' });
		const handle = channel.join({ since: position(1) });
		// What begins with the last messages may begin after the position of the other one.
		channel.join({ since: { last: 1 } });
		await settled();
		test
			.socket()
			.welcome()
			.join(7, { position: position(3), ...details });
		return { ...test, handle };
	}

	it('is sent when the handle has what came before, so that its result comes last', async () => {
		const test = await ahead();
		const story: unknown[] = [];
		test.handle.on('said', (data) => story.push(data));
		const result = test.handle.send('say', 4).then((data) => story.push(data));
		test.socket().deliver(event(7, 4));
		assert.deepEqual(test.socket().all('send'), []);
		await test.clock.advance(2_000);
		test.socket().join(7, { position: position(1) });
		assert.deepEqual(test.socket().all('send').length, 1);
		test.socket().deliver(event(7, 2), event(7, 3), event(7, 4), event(7, 5));
		reply(test, test.socket().last('send').id, '"done"');
		await result;
		assert.deepEqual(story, [2, 3, 4, 5, 'done']);
	});

	it('is sent once the handle goes on without what is not kept', async () => {
		const test = await ahead({ keeps: false });
		void test.handle.send('say', 1);
		await test.clock.advance(2_000);
		assert.equal(test.socket().all('send').length, 1);
	});
});

describe('an ephemeral message', () => {
	it('is sent without an id, and resolves at once', async () => {
		const test = await open({ ephemeral: ['move'] });
		assert.equal(await test.handle.send('move', { x: 1 }), undefined);
		assert.deepEqual(test.socket().last('cast').data, { x: 1 });
		assert.equal(test.socket().all('send').length, 0);
	});

	it('waits for its turn, and is the newest of its name then', async () => {
		const test = await open({ ephemeral: ['move', 'look'] });
		const sent = () =>
			test
				.socket()
				.all('cast')
				.map(({ name, data }) => [name, data]);
		for (let x = 0; x < 300; x++) await test.handle.send('move', x);
		await test.handle.send('look', 1);
		assert.deepEqual(sent(), [['move', 0]]);
		await test.clock.advance(25);
		assert.deepEqual(sent().slice(1), [
			['move', 299],
			['look', 1],
		]);
		// Two were sent, so that the next one waits twice as long.
		await test.clock.advance(25);
		await test.handle.send('move', 300);
		assert.equal(sent().length, 3);
		await test.clock.advance(25);
		assert.deepEqual(sent().slice(3), [['move', 300]]);
		// After a pause it is sent at once.
		await test.clock.advance(25);
		await test.handle.send('move', 301);
		assert.deepEqual(sent().slice(4), [['move', 301]]);
	});

	it('is not sent more often for messages beside it', async () => {
		const test = await open({ ephemeral: ['move'] });
		const count = () => test.socket().all('cast').length;
		let isSaying = true;
		for (const expected of [40 + 5, 40]) {
			const before = count();
			for (let passed = 0; passed < 1_000; passed += 5) {
				await test.handle.send('move', passed);
				if (isSaying && passed % 200 === 10) void test.handle.send('say');
				await test.clock.advance(5);
			}
			assert.ok(count() - before <= expected, `${count() - before} are more than ${expected}`);
			isSaying = false;
		}
	});

	it('does not end the wait for its turn with a message after which none waits', async () => {
		const test = await open({ ephemeral: ['move'] });
		await test.handle.send('move', 1);
		void test.handle.send('say');
		await test.handle.send('move', 2);
		assert.equal(test.socket().all('cast').length, 1);
		await test.clock.advance(25);
		assert.equal(test.socket().all('cast').length, 2);
	});

	it('is sent before its handle leaves', async () => {
		const test = await open({ ephemeral: ['move'] });
		await test.handle.send('move', 1);
		await test.handle.send('move', 2);
		test.handle.leave();
		assert.deepEqual(test.socket().last('cast').data, 2);
		assert.deepEqual(
			test
				.socket()
				.frames.slice(-2)
				.map(({ type }) => type),
			['cast', 'leave'],
		);
	});

	it('is sent before a message that follows it', async () => {
		const test = await open({ ephemeral: ['move'] });
		await test.handle.send('move', 1);
		await test.handle.send('move', 2);
		const dropped = test.handle.send('drop');
		const last = test.socket().last('send');
		assert.deepEqual(test.socket().last('cast').data, 2);
		const frames = test.socket().frames.map(({ type }) => type);
		assert.deepEqual(frames.slice(-2), ['cast', 'send']);
		reply(test, last.id);
		await dropped;
	});

	it('is the newest of its name when the connection is back', async () => {
		const test = await open({ ephemeral: ['move', 'look'] });
		test.socket().end();
		for (let x = 0; x < 300; x++) await test.handle.send('move', x);
		await test.handle.send('look', 1);
		await test.clock.advance(250);
		test
			.socket()
			.welcome({ isResumed: true })
			.join(7, { ephemeral: ['move', 'look'] });
		assert.deepEqual(
			test
				.socket()
				.all('cast')
				.map(({ name, data }) => [name, data]),
			[
				['move', 299],
				['look', 1],
			],
		);
	});

	it('is found to be one with the first join', async () => {
		const test = await start();
		const results = [1, 2].map((x) => test.handle.send('move', x));
		test
			.socket()
			.welcome()
			.join(7, { ephemeral: ['move'] });
		assert.deepEqual(await Promise.all(results), [undefined, undefined]);
		assert.deepEqual(
			test
				.socket()
				.all('cast')
				.map(({ data }) => data),
			[2],
		);
	});
});
