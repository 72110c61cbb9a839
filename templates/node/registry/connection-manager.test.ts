import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type TestContext, test } from 'node:test';
import { ConnectionManager, getConnectionId, getConnectionManager } from './connection-manager.ts';
import { prometheusText } from './figures/prometheus.ts';
import { book } from './registry.fixture.ts';
import { processRegistry, Registry } from './registry.ts';
import type { ConnectionSelection } from './selection.ts';
import { getStats } from './stats.ts';
import type { ClosingProgress } from './upkeep/manager-events.ts';

function bench(context?: TestContext) {
	const registry = new Registry();
	const log: string[] = [];
	registry.report = (message, error) => void log.push(`${message}: ${error}`);
	context?.after(() => {
		for (const entry of registry.all()) entry.terminate();
	});
	return { registry, manager: new ConnectionManager(registry), log };
}

test('there is one manager per process', () => {
	const manager = getConnectionManager();
	assert.equal(getConnectionManager(), manager);
	const { entry, end } = book(processRegistry(), { tags: ['one'] });
	assert.equal(manager.getConnection(entry.id)?.id, entry.id);
	end();
	assert.equal(manager.getConnection(entry.id), undefined);
});

test('a socket has the unique id of its connection', (context) => {
	const { registry, manager } = bench(context);
	const other = bench(context);
	const { socket } = book(registry, { tags: ['a'], data: { user: 'ada' } });
	const id = getConnectionId(socket) ?? '';
	const connection = manager.getConnection(id);
	assert.equal(connection?.socket, socket);
	assert.deepEqual(connection.data, { user: 'ada' });
	assert.deepEqual([...connection.tags], ['a']);
	book(other.registry);
	assert.equal(other.manager.getConnection(id), undefined);
	for (const wrong of ['', '-', 'x', `${id}-`, `${id} `, '__proto__']) {
		assert.equal(manager.getConnection(wrong), undefined, wrong);
	}
});

test('tags can be changed on an open connection', (context) => {
	const { registry, manager } = bench(context);
	const [one, two] = [book(registry, { tags: ['a'] }), book(registry, { tags: ['a', 'b', 'a'] })];
	const tagged = (tag: string): string[] => manager.getConnectionsByTag(tag).map(({ id }) => id);
	assert.deepEqual(tagged('a'), [one.entry.id, two.entry.id]);
	assert.ok(manager.addConnectionTag(one.entry.id, 'b'));
	assert.ok(manager.addConnectionTag(one.entry.id, 'b'));
	assert.equal(manager.countByTag('b'), 2);
	assert.ok(manager.removeConnectionTag(two.entry.id, 'a'));
	assert.deepEqual(tagged('a'), [one.entry.id]);
	one.end();
	assert.ok(!manager.addConnectionTag(one.entry.id, 'b'));
	assert.equal(manager.getConnectionsByTag('b').length, 1);
	assert.deepEqual(tagged('b'), [two.entry.id]);
	two.end();
	assert.deepEqual(tagged('b'), []);
});

test('data is set by key, starting with the data of the route', (context) => {
	const { registry, manager } = bench(context);
	const shared = { user: 'ada', moves: 1 };
	const [one, two] = [book(registry, { data: shared }), book(registry, { data: shared })];
	const bare = book(registry);
	const { id } = one.entry;
	assert.ok(manager.setConnectionData(id, 'moves', 2));
	assert.ok(manager.setConnectionData(id, 'room', 'hall'));
	assert.ok(manager.setConnectionData(bare.entry.id, 'room', 'attic'));
	assert.deepEqual(manager.getConnection(id)?.data, { user: 'ada', moves: 2, room: 'hall' });
	assert.equal(manager.getConnectionData(id, 'user'), 'ada');
	assert.equal(manager.getConnectionData(id, 'toString'), undefined);
	assert.deepEqual(manager.getConnectionData(bare.entry.id), { room: 'attic' });
	// Several connections may share one data object.
	assert.deepEqual(manager.getConnectionData(two.entry.id), { user: 'ada', moves: 1 });
	// Older code may call it like this: the key would be mistaken for the data.
	const setAll = manager.setConnectionData.bind(manager) as (id: string, data: unknown) => unknown;
	assert.throws(() => setAll(id, { room: 'cellar' }), TypeError);
	one.end();
	assert.equal(manager.setConnectionData(id, 'room', 'cellar'), false);
	assert.equal(manager.getConnectionData(id), undefined);
	assert.equal(manager.getConnectionData(id, 'room'), undefined);
});

test('a health check of an unknown connection is unhealthy, with an error', async (context) => {
	const { registry, manager } = bench(context);
	const { entry, connection, end } = book(registry);
	const nobody = await manager.performHealthCheck('nobody');
	assert.deepEqual([nobody.id, nobody.healthy, nobody.roundTrip], ['nobody', false, undefined]);
	assert.match(nobody.error ?? '', /no open connection/);
	const silent = await manager.performHealthCheck(entry.id, { timeout: 1 });
	assert.deepEqual([silent.healthy, silent.roundTrip], [false, undefined]);
	assert.match(silent.error ?? '', /within 1 ms/);
	const answered = manager.performHealthCheck(entry.id);
	connection.pong();
	const { healthy, error } = await answered;
	assert.deepEqual([healthy, error], [true, undefined]);
	const cut = manager.performHealthCheck(entry.id);
	end();
	assert.match((await cut).error ?? '', /ended/);
});

test('an unknown option is an error', async (context) => {
	const { registry, manager } = bench(context);
	const { connection } = book(registry);
	const wrong = { code: 4000 } as object;
	await assert.rejects(
		manager.shutdown(wrong),
		/`code` is not an option of `shutdown\(\)`.*`closeCode`/,
	);
	await assert.rejects(manager.drain({ over: 0, ...wrong }), /`code` is not an option/);
	await assert.rejects(manager.performHealthCheck('', wrong), /`code` is not an option/);
	await assert.rejects(manager.healthCheck(wrong), /`code` is not an option/);
	assert.throws(() => manager.closeConnections({ all: true }, wrong), /`code` is not an option/);
	assert.deepEqual(connection.closes, []);
	assert.equal(registry.isClosing({}), false);
	// A listener for a signal gets the signal's name.
	connection.close = (code) => assert.equal(code, 1001);
	await manager.shutdown('SIGTERM' as unknown as object).catch(assert.fail);
});

test('closeConnections() closes exactly the connections that match all conditions', (context) => {
	const { registry, manager } = bench(context);
	const old = book(registry, { tags: ['a'], address: '192.0.2.1' });
	const young = book(registry, { tags: ['a', 'b'], address: '192.0.2.2' });
	const plain = book(registry, { address: '2001:db8::1' });
	const time = Math.round(performance.now());
	Object.assign(old.entry, { enteredAt: time - 10_000 });
	Object.assign(young.entry, { enteredAt: time - 5000 });
	Object.assign(plain.entry, { enteredAt: time - 5000 });
	young.connection.activeAt = time;
	const cases: [ConnectionSelection, (typeof old)[]][] = [
		[{ tags: ['a'] }, [old, young]],
		[{ tags: ['a', 'b'] }, [young]],
		[{ tags: ['a', 'none'] }, []],
		[{ olderThan: 8000 }, [old]],
		[{ olderThan: 4000 }, [old, young, plain]],
		[{ idleMoreThan: 4000 }, [old, plain]],
		[{ idleMoreThan: 4000, tags: ['a'] }, [old]],
		[{ ip: '192.0.2.2' }, [young]],
		[{ ip: '2001:db8::1' }, [plain]],
		[{ ip: '2001:db8::2' }, []],
		[{ where: ({ id }) => id === young.entry.id }, [young]],
		[{ all: true }, [old, young, plain]],
	];
	for (const [selection, expected] of cases) {
		for (const { connection } of [old, young, plain]) connection.closes.length = 0;
		const closed = manager.closeConnections(selection, {
			closeCode: 4000,
			closeReason: 'cleared',
		});
		const closing = [old, young, plain].filter(({ connection }) => connection.closes.length > 0);
		assert.ok(
			closing.length === expected.length && closing.every((one, index) => one === expected[index]),
			JSON.stringify(selection),
		);
		assert.equal(closed, expected.length);
		for (const { connection } of closing) assert.deepEqual(connection.closes, [[4000, 'cleared']]);
	}
});

test('a selection without a condition closes nothing', (context) => {
	const { registry, manager } = bench(context);
	const { connection } = book(registry);
	const wrong: object[] = [
		{},
		{ tags: undefined },
		{ tags: [] },
		{ tag: 'a' },
		{ idleMoreThan: Number.NaN },
		{ all: false },
	];
	for (const selection of wrong) {
		assert.throws(() => manager.closeConnections(selection), TypeError, JSON.stringify(selection));
	}
	assert.throws(() => manager.closeConnections({ all: true }, { closeCode: 1006 }), DOMException);
	assert.deepEqual(connection.closes, []);
});

test('an error of a listener is reported, and the others still run', async (context) => {
	const { registry, manager, log } = bench(context);
	const seen: string[] = [];
	const first = (): void => {
		throw new Error('in a listener');
	};
	manager
		.on('connection:added', first)
		.on('connection:added', async () => Promise.reject(new Error('later')))
		.on('connection:added', ({ id }) => seen.push(id));
	const { entry } = book(registry);
	await new Promise(setImmediate);
	assert.deepEqual(seen, [entry.id]);
	assert.deepEqual(log.sort(), [
		'A listener for `connection:added` of the connection manager failed: Error: in a listener',
		'A listener for `connection:added` of the connection manager failed: Error: later',
	]);
	manager.off('connection:added', first);
	book(registry);
	assert.equal(log.length, 2);
});

test('diagnostics channels get the events without the manager', (context) => {
	const { registry } = bench(context);
	const seen: unknown[] = [];
	const listener = (event: unknown): void => {
		seen.push(event);
	};
	subscribe('astro.websocket.connection:removed', listener);
	book(registry).end(4001);
	unsubscribe('astro.websocket.connection:removed', listener);
	book(registry).end(4002);
	assert.deepEqual(
		seen.map((event) => (event as { code: number }).code),
		[4001],
	);
});

test('a shutdown reports its progress and its result', async () => {
	const { registry, manager } = bench();
	const progress: ClosingProgress[] = [];
	manager.on('shutdown:progress', (event) => progress.push(event));
	const booked = [book(registry), book(registry), book(registry)];
	const [polite] = booked;
	if (polite !== undefined) polite.entry.close = () => polite.end();
	const report = await manager.shutdown({ timeout: 20 });
	assert.deepEqual([report.connections, report.closed, report.terminated], [3, 1, 2]);
	assert.ok(report.elapsed >= 19);
	assert.deepEqual([progress[0]?.connections, progress[0]?.remaining], [3, 3]);
	assert.deepEqual(booked[1]?.connection.closes, [[1001, '']]);
	assert.ok(registry.isClosing({}));
});

test('a drain closes small batches, the oldest first, and a shutdown ends it', async () => {
	const { registry, manager } = bench();
	const closing: number[] = [];
	const booked = Array.from({ length: 20 }, (_, index) => {
		const one = book(registry);
		one.entry.close = (code) => {
			assert.equal(code, closing.length < 20 && isShut ? 1001 : 1012);
			closing.push(index);
			one.end();
		};
		return one;
	});
	let isShut = false;
	const drain = manager.drain({ over: 400, timeout: 1000 });
	assert.ok(registry.isClosing({}));
	await new Promise((resolve) => setTimeout(resolve, 120));
	const early = closing.length;
	assert.ok(early > 0 && early < 15, `${early} of 20 were closing early`);
	assert.deepEqual(closing, [...closing.keys()]);
	isShut = true;
	const rest = await manager.shutdown();
	assert.equal(rest.connections, 20 - early);
	const report = await drain;
	assert.deepEqual([report.closed, report.terminated], [booked.length, 0]);
	assert.deepEqual(closing, [...booked.keys()]);
});

test('stats include open and ended connections', () => {
	const registry = processRegistry();
	const before = getStats();
	const [one, two] = [book(registry), book(registry)];
	one.connection.received = 3;
	two.connection.sent = 4;
	const during = getStats();
	assert.equal(during.totalManagedConnections - before.totalManagedConnections, 2);
	assert.deepEqual(
		[
			during.messages.received - before.messages.received,
			during.messages.sent - before.messages.sent,
		],
		[3, 4],
	);
	one.end(4321);
	two.end(4321);
	const after = getStats();
	assert.deepEqual(after.messages, during.messages);
	assert.equal(after.closeCodes[4321], 2);
	assert.equal(after.closed - before.closed, 2);
	assert.equal(after.lifetimes.count, after.closed);
	assert.equal(after.lifetimes.buckets.at(-1)?.count, after.closed);
	assert.deepEqual(JSON.parse(JSON.stringify(after)), after);
});

test('the stats have the text format of Prometheus', () => {
	book(processRegistry()).end(1001);
	const text = prometheusText(getStats());
	for (const line of text.trimEnd().split('\n')) {
		assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]+"\})? [\d.e+-]+)$/);
	}
	assert.match(text, /^websocket_connections_closed_total\{code="1001"\} [1-9]\d*$/m);
	assert.match(text, /^websocket_connection_lifetime_seconds_bucket\{le="\+Inf"\} \d+$/m);
	const names = [...text.matchAll(/^# TYPE (\w+)/gm)].map(([, name]) => name);
	assert.equal(new Set(names).size, names.length);
});
