import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { test } from 'node:test';
import { opened } from './books.fixture.ts';
import { Connections } from './connections.ts';

const SITE = {};
const CLOSING = { timeout: 20, code: 1001, reason: 'bye' };

function socket(): Duplex {
	return new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
}

test('a slot is given back when the socket is closed', async () => {
	const books = new Connections();
	const first = socket();
	assert.ok(books.enter(SITE, first, 1));
	assert.equal(books.enter(SITE, socket(), 1), undefined);
	first.destroy();
	assert.equal(books.size, 1);
	await once(first, 'close');
	assert.equal(books.size, 0);
	assert.ok(books.enter(SITE, socket(), 1));
});

test('a client is counted until its last socket is closed', async () => {
	const books = new Connections();
	const count = (key: string, of: Duplex): boolean => {
		const slot = books.enter(SITE, of, 9);
		return slot !== undefined && books.count(key, slot, 2);
	};
	const [first, second] = [socket(), socket()];
	assert.ok(count('a', first));
	assert.ok(count('a', second));
	assert.ok(!count('a', socket()));
	assert.ok(count('b', socket()));
	first.destroy();
	await once(first, 'close');
	assert.equal(books.clients, 2);
	const third = socket();
	assert.ok(count('a', third));
	second.destroy();
	third.destroy();
	await once(third, 'close');
	assert.equal(books.clients, 1);
});

test('a socket is in the books once', async () => {
	const books = new Connections();
	const only = socket();
	const slot = books.enter(SITE, only, 1);
	assert.ok(slot !== undefined && books.count('a', slot, 1));
	assert.equal(books.enter(SITE, only, 1), slot);
	assert.ok(books.count('a', slot, 1));
	only.destroy();
	await once(only, 'close');
	assert.deepEqual([books.size, books.clients], [0, 0]);
});

test('a shutdown asks, waits, and terminates what is left', async () => {
	const books = new Connections();
	const [polite, stubborn, opening] = [socket(), socket(), socket()];
	const asked: unknown[] = [];
	books.enter(SITE, polite, 9)?.opened(
		opened({
			close(...frame) {
				asked.push(frame);
				polite.destroy();
			},
		}),
	);
	books.enter(SITE, stubborn, 9)?.opened(opened({ close: (...frame) => asked.push(frame) }));
	books.enter(SITE, opening, 9);
	const closing = books.shutdown(SITE, CLOSING);
	assert.ok(books.isClosing(SITE));
	assert.ok(!stubborn.destroyed);
	await closing;
	assert.deepEqual(asked, [
		[1001, 'bye'],
		[1001, 'bye'],
	]);
	assert.ok(stubborn.destroyed);
	assert.ok(opening.destroyed);
	assert.equal(books.size, 0);
});

test('a shutdown does not wait for the grace when all have gone', async () => {
	const books = new Connections();
	const only = socket();
	books.enter(SITE, only, 9)?.opened(opened({ close: () => only.destroy() }));
	await books.shutdown(SITE, { ...CLOSING, timeout: 2 ** 31 - 1 });
	await books.shutdown(SITE, { ...CLOSING, timeout: 2 ** 31 - 1 });
});

test('other sites of the process go on', async () => {
	const books = new Connections();
	const other = socket();
	books.enter({}, other, 9);
	await books.shutdown(SITE, CLOSING);
	assert.ok(!other.destroyed);
	assert.ok(!books.isClosing(other));
	books.reopen(SITE);
	assert.ok(!books.isClosing(SITE));
});
