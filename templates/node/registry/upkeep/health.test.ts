import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { setImmediate as immediate } from 'node:timers/promises';
import { type Booked, book } from '../registry.fixture.ts';
import { Registry } from '../registry.ts';
import { HealthMonitor } from './health.ts';
import { type ConnectionHealth, ManagerEvents } from './manager-events.ts';
import { Rotation } from './rotation.ts';

const INTERVAL = 1000;

/** A monitor with a stopped clock, and its connections. */
function bench(connections: number, maxMissedPings = 2) {
	let time = 0;
	const events = new ManagerEvents(assert.fail);
	const results: ConnectionHealth[] = [];
	events.on('connection:health', (id, result) => {
		assert.equal(result.id, id);
		results.push(result);
	});
	const monitor = new HealthMonitor(events, () => time);
	const registry = new Registry();
	const booked: Booked[] = Array.from({ length: connections }, () => book(registry));
	for (const { connection, entry } of booked) {
		connection.observer = {
			onPong: (payload) => monitor.answered(entry, payload),
			onEnded: () => monitor.delete(entry),
		};
	}
	monitor.start(
		{ interval: INTERVAL, maxMissedPings },
		booked.map(({ entry }) => entry),
	);
	return {
		monitor,
		booked,
		results,
		pass(milliseconds: number) {
			time += milliseconds;
			monitor.look();
		},
		stop: () => monitor.stop(),
	};
}

test('pings are spread over the interval, and every connection gets one', () => {
	const { booked, pass, stop } = bench(100);
	const pinged = (): number =>
		booked.filter(({ connection }) => connection.pings.length > 0).length;
	for (let part = 1; part <= 10; part++) {
		pass(INTERVAL / 10);
		assert.equal(pinged(), part * 10);
	}
	assert.ok(booked.every(({ connection }) => connection.pings.length === 1));
	stop();
});

test('an answer is reported with its latency', () => {
	const { booked, results, pass, stop } = bench(1);
	const [{ connection, entry } = assert.fail()] = booked;
	pass(INTERVAL);
	pass(40);
	connection.pong();
	assert.equal(entry.health?.roundTrip, 40);
	assert.equal(results.length, 1);
	assert.deepEqual(
		[results[0]?.healthy, results[0]?.error, results[0]?.roundTrip],
		[true, undefined, 40],
	);
	// A second answer to the same ping is ignored.
	connection.pong();
	assert.equal(results.length, 1);
	stop();
});

test('a silent client is terminated after exactly the allowed number of pings', () => {
	const { booked, results, monitor, pass, stop } = bench(1, 2);
	const [{ connection, stream }] = booked as [Booked];
	pass(INTERVAL);
	pass(INTERVAL);
	assert.deepEqual([connection.pings.length, stream.destroyed], [2, false]);
	pass(INTERVAL);
	assert.deepEqual([connection.pings.length, stream.destroyed], [2, true]);
	assert.deepEqual(
		results.map(({ healthy, error, missedPings }) => [healthy, error, missedPings]),
		[1, 2].map((missed) => [false, 'The client did not answer a ping within 1000 ms', missed]),
	);
	assert.deepEqual(monitor.counts, { answered: 0, missed: 2, terminated: 1 });
	stop();
});

test('an answer resets the missed pings', () => {
	const { booked, pass, stop } = bench(1, 2);
	const [{ connection, stream, entry }] = booked as [Booked];
	pass(INTERVAL);
	pass(INTERVAL);
	connection.pong();
	assert.equal(entry.health?.missedPings, 0);
	pass(INTERVAL);
	pass(INTERVAL);
	assert.equal(stream.destroyed, false);
	stop();
});

test('a paused connection is not pinged', () => {
	const { booked, pass, stop } = bench(1, 1);
	const [{ connection, stream }] = booked as [Booked];
	connection.isPaused = true;
	for (let turn = 0; turn < 5; turn++) pass(INTERVAL);
	assert.deepEqual([connection.pings.length, stream.destroyed], [0, false]);
	stop();
});

test('two concurrent checks share one ping', async () => {
	const { booked, monitor, pass, stop } = bench(1);
	const [{ connection, entry }] = booked as [Booked];
	const checks = [monitor.check(entry, 1000), monitor.check(entry, 1000)];
	assert.equal(connection.pings.length, 1);
	pass(7);
	connection.pong();
	assert.deepEqual(await Promise.all(checks), [7, 7]);
	stop();
});

test('a check fails at its timeout, and at the end of the connection', async () => {
	const { booked, monitor, stop } = bench(1);
	const [{ entry }] = booked as [Booked];
	assert.equal(await monitor.check(entry, 1), undefined);
	const check = monitor.check(entry, 2 ** 31 - 1);
	monitor.delete(entry);
	assert.equal(await check, undefined);
	stop();
});

test('after a long sleep no item is visited twice, and a deleted one is not visited', () => {
	let time = 0;
	const visits: string[] = [];
	const rotation = new Rotation<string>(
		INTERVAL,
		(item) => visits.push(item),
		() => time,
	);
	for (const item of ['a', 'b', 'c']) rotation.add(item);
	time += 100 * INTERVAL;
	rotation.look();
	assert.deepEqual(visits, ['a', 'b', 'c']);
	rotation.delete('b');
	time += INTERVAL;
	rotation.look();
	assert.deepEqual(visits.slice(3).toSorted(), ['a', 'c']);
	rotation.stop();
});

test('an answer received during a stall of the process is in time', async (context) => {
	const { monitor, booked, stop } = bench(1);
	const [{ connection, entry }] = booked as [Booked];
	const server = createServer((peer) => peer.once('data', () => connection.pong())).listen(0);
	await once(server, 'listening');
	const client = connect((server.address() as AddressInfo).port);
	context.after(() => {
		client.destroy();
		server.close();
		stop();
	});
	await once(server, 'connection');
	// Timers run next, and reading follows them.
	await immediate();
	const checked = monitor.check(entry, 20);
	client.write('the answer');
	for (const end = performance.now() + 40; performance.now() < end; );
	const answered = await checked;
	assert.equal(typeof answered, 'number');
});
