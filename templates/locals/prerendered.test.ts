import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { fillLocals, type SiteContext } from './prerendered.ts';

const HANDSHAKE = { isUpgradeRequest: true, upgradeWebSocket: () => assert.fail() };

function context(of: Partial<SiteContext>, headers?: Record<string, string>): SiteContext {
	const request = new Request('http://localhost/chat', { headers: headers ?? {} });
	return { request, url: new URL(request.url), locals: {}, ...of };
}

/** The printed warnings. */
function warnings({ mock }: TestContext): () => unknown[] {
	const { mock: warn } = mock.method(console, 'warn', () => {});
	return () => warn.calls.map(({ arguments: [message] }) => message);
}

test('the locals of a prerendered route throw an error that says so', (test) => {
	const warned = warnings(test);
	const { locals } = fill({ isPrerendered: true, routePattern: '/[room]' });
	assert.equal(locals.isUpgradeRequest, false);
	assert.throws(() => locals.upgradeWebSocket?.(), {
		message: /^The route "\/\[room\]" is prerendered, .+ `prerender = false` .+ `output: 'server'`/,
	});
	assert.deepEqual(warned(), []);
});

test('a handshake at a prerendered route is an ordinary request, with one warning', (test) => {
	const warned = warnings(test);
	for (let time = 0; time < 2; time++) {
		const { locals } = fill({ isPrerendered: true, locals: { ...HANDSHAKE } });
		assert.equal(locals.isUpgradeRequest, false);
	}
	assert.equal(warned().length, 1);
	assert.match(String(warned()), /^The route "\/chat" is prerendered/);
});

test('the locals of other requests are unchanged', () => {
	const { locals } = fill({ isPrerendered: false, locals: HANDSHAKE });
	assert.deepEqual(locals, HANDSHAKE);
});

test('a request without locals gets those of an ordinary request', () => {
	const { locals } = fill({ isPrerendered: false });
	assert.equal(locals.isUpgradeRequest, false);
	assert.throws(() => locals.upgradeWebSocket?.(), /must be an upgrade request/);
});

test('in Astro 4 a prerendered route lacks its locals or its headers', (test) => {
	warnings(test);
	assert.throws(() => fill({}).locals.upgradeWebSocket?.(), /is prerendered/);
	assert.equal(fill({ locals: { ...HANDSHAKE } }).locals.isUpgradeRequest, false);
	const ordinary = { isUpgradeRequest: false, upgradeWebSocket: () => assert.fail() };
	assert.throws(
		() => fill({ locals: { ...ordinary } }).locals.upgradeWebSocket?.(),
		/is prerendered/,
	);
	const { locals } = fill({ locals: ordinary }, { host: 'localhost' });
	assert.deepEqual(locals, ordinary);
	const handshake = fill({ locals: HANDSHAKE }, { upgrade: 'websocket' });
	assert.deepEqual(handshake.locals, HANDSHAKE);
});

function fill(...of: Parameters<typeof context>): SiteContext {
	const filled = context(...of);
	fillLocals(filled);
	return filled;
}
