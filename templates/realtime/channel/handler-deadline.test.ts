import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { HandlerDeadline } from './handler-deadline.ts';

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

	it('calls each listener once, and none that was cancelled', () => {
		const deadline = new HandlerDeadline();
		const called: string[] = [];
		deadline.onEnd(() => called.push('kept'));
		const cancel = deadline.onEnd(() => called.push('cancelled'));
		cancel();
		deadline.end('late');
		deadline.end('again');
		assert.deepEqual(called, ['kept']);
		assert.equal(deadline.reason, 'late');
	});
});
