import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { RejectionReason } from '../../handshake/refusal.ts';
import { getConnectionManager } from '../registry/connection-manager.ts';
import { processRegistry } from '../registry/registry.ts';
import { getStats } from '../registry/stats.ts';
import type { ConnectionManagerEvents } from '../registry/upkeep/manager-events.ts';
import { accept, type Route, type SiteOptions, serve } from '../site/site.fixture.ts';

/** The number of rejections since this call, by reason. */
function rejections(): () => Partial<Record<RejectionReason, number>> {
	const before = getStats().rejections;
	return () => {
		const now = Object.entries(getStats().rejections) as [RejectionReason, number][];
		const since = now.map(([reason, count]) => [reason, count - (before[reason] ?? 0)] as const);
		return Object.fromEntries(since.filter(([, count]) => count > 0));
	};
}

/** The arguments of each event of one type. */
function events<Type extends keyof ConnectionManagerEvents>(context: TestContext, type: Type) {
	const seen: ConnectionManagerEvents[Type][] = [];
	const listener = (...event: ConnectionManagerEvents[Type]): void => {
		seen.push(event);
	};
	const manager = getConnectionManager().on(type, listener);
	context.after(() => manager.off(type, listener));
	return seen;
}

const answers =
	(status: number): Route =>
	(_locals, response) =>
		response.writeHead(status).end();

/** Each case is one handshake with the expected reason of its rejection. */
const CASES: [RejectionReason, Route, SiteOptions, Record<string, string>][] = [
	['answered', answers(401), {}, {}],
	['origin', accept(), {}, { Origin: 'https://evil.example' }],
	['not-verified', accept(), { hooks: { verifyClient: () => false } }, {}],
	[
		'not-verified',
		accept(),
		{ hooks: { verifyClient: () => new Response('no', { status: 418 }) } },
		{},
	],
	[
		'failed',
		accept(),
		{
			hooks: {
				verifyClient: () => {
					throw new Error('in the hook');
				},
			},
		},
		{},
	],
	['timeout', () => {}, { options: { handshakeTimeout: 20 } }, {}],
];

for (const [reason, route, options, headers] of CASES) {
	test(`a rejected handshake is counted once, as ${reason}`, async (context) => {
		const site = await serve(context, route, options);
		const rejected = rejections();
		const { status } = await site.answer(headers);
		assert.notEqual(status, 101);
		await wait(20);
		assert.deepEqual(rejected(), { [reason]: 1 });
		assert.equal(processRegistry().size, 0);
	});
}

test('a client that leaves before the response is counted once', async (context) => {
	const site = await serve(context, () => {});
	const rejected = rejections();
	const socket = site.handshake();
	while (processRegistry().size === 0) await wait(5);
	socket.resetAndDestroy();
	while (processRegistry().size > 0) await wait(5);
	assert.deepEqual(rejected(), { 'client-left': 1 });
});

test('an accepted connection does not count as a rejection when it ends', async (context) => {
	const site = await serve(context, accept());
	const rejected = rejections();
	const removed = events(context, 'connection:removed');
	const { closed } = getStats();
	const [one, two] = [await site.open(), await site.open()];
	one.close(4001, 'enough');
	two.terminate();
	while (getStats().closed < closed + 2) await wait(5);
	assert.deepEqual(rejected(), {});
	assert.deepEqual(removed.map(([{ code, reason }]) => `${code} ${reason}`).sort(), [
		'1006 ',
		'4001 enough',
	]);
});

test('limits emit events for refused handshakes', async (context) => {
	const full = events(context, 'pool:full');
	const rate = events(context, 'ratelimit:exceeded');
	const rejected = rejections();
	const trustedProxies = ['127.0.0.1'];
	const small = await serve(context, accept(), { options: { maxConnections: 1 } });
	const only = await small.open();
	await small.answer();
	assert.deepEqual(full, [[{ ip: '127.0.0.1', limit: 'maxConnections', most: 1 }]]);
	only.terminate();
	while (processRegistry().size > 0) await wait(5);
	const site = await serve(context, accept(), {
		options: { maxConnectionsPerIP: 1, rateLimitMaxConnections: 2, trustedProxies },
	});
	const from = { 'X-Forwarded-For': '198.51.100.7' };
	await site.open(from);
	await site.answer(from);
	assert.deepEqual(full[1], [{ ip: '198.51.100.7', limit: 'maxConnectionsPerIP', most: 1 }]);
	await site.answer(from);
	await site.answer(from);
	const [first = assert.fail(), [ip, attempts, { retryAfter, ...rest }] = assert.fail()] = rate;
	assert.deepEqual(first.slice(0, 2), ['198.51.100.7', 3]);
	assert.deepEqual([ip, attempts], ['198.51.100.7', 4]);
	assert.deepEqual(rest, { ip, attempts, most: 2, window: 60_000 });
	assert.ok(retryAfter > 50 && retryAfter <= 60);
	assert.deepEqual(rejected(), {
		'too-many-connections': 1,
		'too-many-from-client': 1,
		'too-many-handshakes': 2,
	});
});
