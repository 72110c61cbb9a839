import assert from 'node:assert/strict';
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { test } from 'node:test';
import { type EventListenerLike, guard } from './guard.ts';

function guarded(
	listener: EventListenerLike,
	onFailure: (error: unknown) => void,
): (event: Event) => void {
	return guard(listener, new AsyncResource('Test'), onFailure);
}

function unexpected(error: unknown): void {
	throw error;
}

test('an exception is caught and handed on', () => {
	const failures: unknown[] = [];
	const thrower = (): never => {
		throw new Error('boom');
	};
	guarded(thrower, (error) => failures.push(error))(new Event('message'));
	assert.match(String(failures[0]), /boom/);
});

test('a rejection is caught and handed on', async () => {
	const failures: unknown[] = [];
	const rejecter = async (): Promise<never> => {
		throw new Error('boom');
	};
	guarded(rejecter, (error) => failures.push(error))(new Event('message'));
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
	guarded(listener, unexpected)(new Event('open'));
	assert.deepEqual(seen, ['open', 'true']);
});

test('a listener runs in the asynchronous context in which it was attached', () => {
	const storage = new AsyncLocalStorage<string>();
	let seen: string | undefined;
	const listener = (): void => {
		seen = storage.getStore();
	};
	const later = storage.run('request', () => guarded(listener, unexpected));
	later(new Event('message'));
	assert.equal(seen, 'request');
});
