import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import type { WebSocketLocals } from '../../locals/types.ts';
import { WEBSOCKET_DEFAULTS } from '../../options/options.ts';
import { setUpgradeContext } from '../handshake/context.ts';
import { withLocals } from './locals.ts';

const settings = { connection: WEBSOCKET_DEFAULTS, report: assert.fail };

function ordinaryRequest(): IncomingMessage {
	return new IncomingMessage(new Socket());
}

function upgradeRequest(): IncomingMessage {
	const request = ordinaryRequest();
	setUpgradeContext(request, {
		path: '/',
		head: Buffer.alloc(0),
		prepared: undefined,
		ended: false,
	});
	return request;
}

test('an ordinary request cannot be upgraded', () => {
	const locals = withLocals(ordinaryRequest(), undefined, settings) as WebSocketLocals;
	assert.equal(locals.isUpgradeRequest, false);
	assert.throws(() => locals.upgradeWebSocket(), {
		name: 'Error',
		message: 'The request must be an upgrade request to upgrade the connection to a WebSocket.',
	});
});

/** Kinds of locals passed by a host. */
const HOSTS: Record<string, () => { locals: Named }> = {
	'a plain object': () => ({ locals: { name: 'ada', hello: () => 'ada' } }),
	'an instance with private fields': () => ({ locals: new Private() }),
	'an object without a prototype': () => ({
		locals: Object.assign(Object.create(null), { name: 'ada', hello: () => 'ada' }),
	}),
	'a proxy': () => ({ locals: new Proxy(new Private(), { get: (of, key) => read(of, key) }) }),
	'a frozen object': () => ({ locals: Object.freeze({ name: 'ada', hello: () => 'ada' }) }),
	'a frozen instance': () => ({ locals: Object.freeze(new Private()) }),
	'a sealed object': () => ({ locals: Object.seal({ name: 'ada', hello: () => 'ada' }) }),
};

interface Named {
	readonly name: string;
	hello(): string;
}

class Private implements Named {
	#name = 'ada';
	readonly own = 1;

	get name(): string {
		return this.#name;
	}

	hello(): string {
		return this.#name;
	}
}

function read(of: Private, key: PropertyKey): unknown {
	const value: unknown = Reflect.get(of, key);
	return typeof value === 'function' ? value.bind(of) : value;
}

for (const [kind, create] of Object.entries(HOSTS)) {
	for (const request of [ordinaryRequest, upgradeRequest]) {
		test(`the locals expose ${kind} of the host completely and do not change it: ${request.name}`, () => {
			const { locals: host } = create();
			const keys = Reflect.ownKeys(host);
			const locals = withLocals(request(), host, settings) as Named & WebSocketLocals;
			assert.equal(locals.isUpgradeRequest, request === upgradeRequest);
			assert.equal(typeof locals.upgradeWebSocket, 'function');
			assert.deepEqual([locals.name, locals.hello()], ['ada', 'ada']);
			assert.equal(Object.getPrototypeOf(locals), Object.getPrototypeOf(host));
			assert.deepEqual(Reflect.ownKeys(locals).length, keys.length + 2);
			assert.ok('isUpgradeRequest' in locals && 'name' in locals);
			assert.equal({ ...locals }.isUpgradeRequest, request === upgradeRequest);
			assert.deepEqual(Reflect.ownKeys(host), keys);
		});
	}
}

test("assignments by the site reach the host's object", () => {
	const host: Record<string, unknown> = {};
	const locals = withLocals(ordinaryRequest(), host, settings) as Record<string, unknown>;
	locals.user = 'ada';
	Object.defineProperty(locals, 'role', { value: 'admin', configurable: true });
	assert.deepEqual([host.user, host.role, locals.role], ['ada', 'admin', 'admin']);
	delete locals.user;
	assert.deepEqual(Object.keys(host), []);
	locals.isUpgradeRequest = true;
	assert.deepEqual([host.isUpgradeRequest, locals.isUpgradeRequest], [undefined, true]);
});

test('a frozen object of the host rejects assignments by the site', () => {
	const locals = withLocals(ordinaryRequest(), Object.freeze({}), settings);
	assert.throws(() => Object.assign(locals, { user: 'ada' }), TypeError);
});

test('functions and classes of the host keep their identity', () => {
	class Client {}
	const host = { Client, find: (): string => 'ada' };
	const locals = withLocals(ordinaryRequest(), host, settings) as typeof host;
	assert.equal(locals.Client, Client);
	assert.equal(locals.find, host.find);
	const instance = withLocals(ordinaryRequest(), new Private(), settings) as Private;
	assert.equal(instance.hello, instance.hello);
	assert.equal(instance.constructor, Private);
});

test('concurrent upgrades stay separate if the host shares one object', () => {
	const shared = { user: 'ada' };
	withLocals(ordinaryRequest(), shared, settings);
	const first = withLocals(upgradeRequest(), shared, settings) as WebSocketLocals;
	const second = withLocals(upgradeRequest(), shared, settings) as WebSocketLocals;
	assert.notEqual(first.upgradeWebSocket, second.upgradeWebSocket);
	assert.equal(first.isUpgradeRequest, true);
	assert.equal(Reflect.get(first, 'user'), 'ada');
	assert.deepEqual(Object.keys(shared), ['user']);
});
