import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { abortSignalOf, HandlerDeadline } from './handler-signal.ts';

describe('the signal of a handler', () => {
	it('aborts an AbortSignal that was made before', () => {
		const deadline = new HandlerDeadline();
		const signal = abortSignalOf(deadline);
		assert.equal(signal.aborted, false);
		deadline.abort('late');
		assert.equal(signal.aborted, true);
		assert.equal(signal.reason, 'late');
	});

	it('gives an aborted AbortSignal when the time is over', () => {
		const deadline = new HandlerDeadline();
		deadline.abort('late');
		assert.equal(deadline.aborted, true);
		assert.equal(abortSignalOf(deadline).reason, 'late');
		assert.throws(() => deadline.throwIfAborted(), /late/);
	});

	it('calls each listener once, and none that was removed', () => {
		const deadline = new HandlerDeadline();
		const called: string[] = [];
		const removed = (): void => void called.push('removed');
		deadline.addEventListener('abort', () => called.push('kept'));
		deadline.addEventListener('abort', removed);
		deadline.removeEventListener('abort', removed);
		deadline.abort('late');
		deadline.abort('again');
		assert.deepEqual(called, ['kept']);
		assert.equal(deadline.reason, 'late');
	});

	it('gives an AbortSignal as it is', () => {
		const { signal } = new AbortController();
		assert.equal(abortSignalOf(signal), signal);
	});
});
