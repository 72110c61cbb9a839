import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HandlerDeadline } from '../channel/handler-deadline.ts';
import { RealtimeError } from '../protocol/errors.ts';
import { before, within } from './deadline.ts';
import { FakeRuntime } from './define.fixture.ts';

const never = (): Promise<never> => new Promise(() => {});

test('gives the result of work that comes in time, and leaves no alarm behind', async () => {
	const runtime = new FakeRuntime();
	assert.equal(await within(runtime, 5, 'The work', () => 1), 1);
	await assert.rejects(
		within(runtime, 5, 'The work', () => assert.fail('no')),
		/no/,
	);
	assert.equal(runtime.alarmCount, 0);
	assert.equal(await before(new HandlerDeadline(), 'The work', async () => 2), 2);
});

test('rejects with TIMEOUT when the time is over', async () => {
	const runtime = new FakeRuntime();
	const late = within(runtime, 5, 'The work', never);
	runtime.ring();
	await assert.rejects(late, { code: 'TIMEOUT', message: 'The work took too long.' });
});

test('does not start work after the deadline', async () => {
	let calls = 0;
	const over = new HandlerDeadline();
	over.end(undefined);
	await assert.rejects(
		before(over, 'The work', () => calls++),
		{ code: 'TIMEOUT' },
	);
	assert.equal(calls, 0);
});

test('rejects with the RealtimeError that ended the deadline', async () => {
	const deadline = new HandlerDeadline();
	const ended = before(deadline, 'The work', never);
	const reason = new RealtimeError({ code: 'CLOSED' });
	deadline.end(reason);
	await assert.rejects(ended, reason);
});
