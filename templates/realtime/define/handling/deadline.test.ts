import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeRuntime } from '../define.fixture.ts';
import { within } from './deadline.ts';

const never = (): Promise<never> => new Promise(() => {});

test('gives the result of work that comes in time, and leaves no alarm behind', async () => {
	const runtime = new FakeRuntime();
	assert.equal(await within(runtime, 5, 'The work', () => 1), 1);
	await assert.rejects(
		within(runtime, 5, 'The work', () => assert.fail('no')),
		/no/,
	);
	assert.equal(runtime.alarmCount, 0);
});

test('rejects with TIMEOUT when the time is over', async () => {
	const runtime = new FakeRuntime();
	const late = within(runtime, 5, 'The work', never);
	runtime.ring();
	await assert.rejects(late, { code: 'TIMEOUT', message: 'The work took too long.' });
});
