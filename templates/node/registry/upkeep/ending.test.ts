import assert from 'node:assert/strict';
import { test } from 'node:test';
import { closing } from '../connections/shutdown-options.ts';
import { book } from '../registry.fixture.ts';
import { Registry } from '../registry.ts';

/** Adds realtime connections to a registry. Returns their notices in order. */
function realtime(registry: Registry, count: number): [ReturnType<typeof book>[], unknown[]] {
	const told: unknown[] = [];
	const connections = Array.from({ length: count }, () => book(registry));
	for (const { entry } of connections) entry.drain = (milliseconds) => told.push(milliseconds);
	return [connections, told];
}

test('a shutdown tells realtime clients to come back, and closes them with 1012', async () => {
	const registry = new Registry();
	const [[one], told] = realtime(registry, 1);
	const other = book(registry);
	const report = registry.shutdown(registry, closing());
	assert.deepEqual(told, [1000]);
	assert.deepEqual(one?.connection.closes, [[1012, '']]);
	assert.deepEqual(other.connection.closes, [[1001, '']]);
	one?.end();
	other.end();
	assert.equal((await report).closed, 2);
});

test('the time to come back grows with the number of realtime clients', async () => {
	const registry = new Registry();
	const [connections, told] = realtime(registry, 2500);
	const report = registry.shutdown(registry, closing());
	assert.deepEqual(new Set(told), new Set([5000]));
	for (const connection of connections) connection.end();
	await report;
});

test('a site that chooses a close code gets it', async () => {
	const registry = new Registry();
	const [[one]] = realtime(registry, 1);
	const report = registry.closeAll(registry, closing({ closeCode: 4000 }));
	assert.deepEqual(one?.connection.closes, [[4000, '']]);
	one?.end();
	await report;
});
