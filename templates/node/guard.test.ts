import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';
import { guard } from './guard.ts';

function unexpected(error: unknown): void {
	throw error;
}

test('an exception is caught and handed on', () => {
	const failures: unknown[] = [];
	const thrower = (): never => {
		throw new Error('boom');
	};
	guard(thrower, (error) => failures.push(error))(new Event('message'));
	assert.match(String(failures[0]), /boom/);
});

test('a rejection is caught and handed on', async () => {
	const failures: unknown[] = [];
	const rejecter = async (): Promise<never> => {
		throw new Error('boom');
	};
	guard(rejecter, (error) => failures.push(error))(new Event('message'));
	await new Promise(setImmediate);
	assert.match(String(failures[0]), /boom/);
});

test('an object with handleEvent() is a listener', () => {
	const seen: string[] = [];
	const listener = {
		handleEvent(event: Event): void {
			seen.push(event.type, String(this === listener));
		},
	};
	guard(listener, unexpected)(new Event('open'));
	assert.deepEqual(seen, ['open', 'true']);
});

test('a listener runs in the asynchronous context in which it was attached', () => {
	const storage = new AsyncLocalStorage<string>();
	let seen: string | undefined;
	const listener = (): void => {
		seen = storage.getStore();
	};
	const guarded = storage.run('request', () => guard(listener, unexpected));
	guarded(new Event('message'));
	assert.equal(seen, 'request');
});
