import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandlerDeadline } from './handler-deadline.ts';

const never = (): Promise<never> => new Promise(() => {});

describe('the deadline of a handler', () => {
	it('aborts a signal that was asked for before', () => {
		const deadline = new HandlerDeadline();
		const { signal } = deadline;
		assert.equal(signal.aborted, false);
		deadline.end('late');
		assert.equal(signal.aborted, true);
		assert.equal(signal.reason, 'late');
	});

	it('gives an aborted signal when the time is over', () => {
		const deadline = new HandlerDeadline();
		deadline.end('late');
		assert.equal(deadline.isOver, true);
		assert.equal(deadline.signal.reason, 'late');
		assert.throws(() => deadline.check(), /late/);
	});

	it('gives the result of work that comes in time', async () => {
		assert.equal(await new HandlerDeadline().limit(async () => 2), 2);
		await assert.rejects(
			new HandlerDeadline().limit(async () => assert.fail('no')),
			/no/,
		);
	});

	it('rejects with the first reason when the time ends', async () => {
		const deadline = new HandlerDeadline();
		const ended = deadline.limit(never);
		deadline.end(new Error('late'));
		deadline.end(new Error('again'));
		await assert.rejects(ended, /late/);
	});

	it('starts no work after its end', async () => {
		let calls = 0;
		const deadline = new HandlerDeadline();
		deadline.end(new Error('late'));
		await assert.rejects(
			deadline.limit(async () => calls++),
			/late/,
		);
		assert.equal(calls, 0);
	});
});
