import assert from 'node:assert/strict';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { test } from 'node:test';
import { WEBSOCKET_DEFAULTS } from '../shared/options.ts';
import type { WebSocketLocals } from '../shared/types.ts';
import { setUpgradeContext } from './context.ts';
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
		pending: undefined,
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

test('an ordinary request keeps the object of the host', () => {
	const locals = { user: 'ada' };
	assert.equal(withLocals(ordinaryRequest(), locals, settings), locals);
});

test('a frozen object is copied', () => {
	const locals = withLocals(ordinaryRequest(), Object.freeze({ user: 'ada' }), settings);
	assert.equal(Reflect.get(locals, 'user'), 'ada');
	assert.equal(Reflect.get(locals, 'isUpgradeRequest'), false);
});

test('concurrent upgrades do not meet in an object the host shares', () => {
	const shared = { user: 'ada' };
	withLocals(ordinaryRequest(), shared, settings);
	const first = withLocals(upgradeRequest(), shared, settings) as WebSocketLocals;
	const second = withLocals(upgradeRequest(), shared, settings) as WebSocketLocals;
	assert.notEqual(first.upgradeWebSocket, second.upgradeWebSocket);
	assert.equal(first.isUpgradeRequest, true);
	assert.equal(Reflect.get(first, 'user'), 'ada');
	assert.equal(Reflect.get(shared, 'isUpgradeRequest'), false);
});

test('a copy keeps the prototype and the accessors of the original', () => {
	class HostLocals {
		get user(): string {
			return 'ada';
		}
	}
	const locals = withLocals(upgradeRequest(), new HostLocals(), settings);
	assert.ok(locals instanceof HostLocals);
	assert.equal(locals.user, 'ada');
});
