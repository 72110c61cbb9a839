import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { opened } from './registry.fixture.ts';
import { Registry } from './registry.ts';

const SITE = {};
const CLOSING = { timeout: 20, code: 1001, reason: 'bye' };

function socket(): Duplex {
	return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

test('an entry is released when the socket is closed', async () => {
	const registry = new Registry();
	const first = socket();
	assert.ok(registry.enter(SITE, first, 1));
	assert.equal(registry.enter(SITE, socket(), 1), undefined);
	first.destroy();
	assert.equal(registry.size, 1);
	await once(first, 'close');
	assert.equal(registry.size, 0);
	assert.ok(registry.enter(SITE, socket(), 1));
});

test('a client is counted until its last socket is closed', async () => {
	const registry = new Registry();
	const count = (key: string, of: Duplex): boolean => {
		const entry = registry.enter(SITE, of, 9);
		return entry !== undefined && registry.count(key, entry, 2);
	};
	const [first, second] = [socket(), socket()];
	assert.ok(count('a', first));
	assert.ok(count('a', second));
	assert.ok(!count('a', socket()));
	assert.ok(count('b', socket()));
	first.destroy();
	await once(first, 'close');
	assert.equal(registry.clients, 2);
	const third = socket();
	assert.ok(count('a', third));
	second.destroy();
	third.destroy();
	await once(third, 'close');
	assert.equal(registry.clients, 1);
});

test('a socket has one entry in the registry', async () => {
	const registry = new Registry();
	const only = socket();
	const entry = registry.enter(SITE, only, 1);
	assert.ok(entry !== undefined && registry.count('a', entry, 1));
	assert.equal(registry.enter(SITE, only, 1), entry);
	assert.ok(registry.count('a', entry, 1));
	only.destroy();
	await once(only, 'close');
	assert.deepEqual([registry.size, registry.clients], [0, 0]);
});

test('a shutdown closes connections, waits, and terminates the rest', async () => {
	const registry = new Registry();
	const [polite, stubborn, opening] = [socket(), socket(), socket()];
	const frames: unknown[] = [];
	registry.enter(SITE, polite, 9)?.opened(
		opened({
			close(...frame) {
				frames.push(frame);
				polite.destroy();
			},
		}),
	);
	registry.enter(SITE, stubborn, 9)?.opened(opened({ close: (...frame) => frames.push(frame) }));
	registry.enter(SITE, opening, 9);
	const closing = registry.shutdown(SITE, CLOSING);
	assert.ok(registry.isClosing(SITE));
	assert.ok(!stubborn.destroyed);
	await closing;
	assert.deepEqual(frames, [
		[1001, 'bye'],
		[1001, 'bye'],
	]);
	assert.ok(stubborn.destroyed);
	assert.ok(opening.destroyed);
	assert.equal(registry.size, 0);
});

test('a shutdown does not wait for the timeout once all connections have ended', async () => {
	const registry = new Registry();
	const only = socket();
	registry.enter(SITE, only, 9)?.opened(opened({ close: () => only.destroy() }));
	await registry.shutdown(SITE, { ...CLOSING, timeout: 2 ** 31 - 1 });
	await registry.shutdown(SITE, { ...CLOSING, timeout: 2 ** 31 - 1 });
});

test('other sites of the process keep running', async () => {
	const registry = new Registry();
	const other = socket();
	registry.enter({}, other, 9);
	await registry.shutdown(SITE, CLOSING);
	assert.ok(!other.destroyed);
	assert.ok(!registry.isClosing(other));
	registry.reopen(SITE);
	assert.ok(!registry.isClosing(SITE));
});
