import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ServerWebSocket } from '../../socket/socket.ts';
import {
	attach,
	CloseEvent,
	createWebSocketHandler,
	ErrorEvent,
	onRequest,
	WebSocket,
} from './older-package.ts';

test('the middleware returns the response of the next one', async () => {
	const response = new Response('the page');
	assert.equal(await onRequest({ locals: {} }, async () => response), response);
});

test('sockets and their events are instances of the classes', () => {
	const socket: unknown = Object.create(ServerWebSocket.prototype);
	assert.ok(socket instanceof WebSocket);
	assert.ok(!(new EventTarget() instanceof WebSocket));
	assert.ok(new Event('close') instanceof CloseEvent);
	assert.ok(!(new Event('open') instanceof CloseEvent));
	assert.ok(new Event('error') instanceof ErrorEvent);
	assert.ok(!({} instanceof ErrorEvent));
});

test('the class has the state constants of a socket', () => {
	assert.deepEqual(
		[WebSocket.CONNECTING, WebSocket.OPEN, WebSocket.CLOSING, WebSocket.CLOSED],
		[0, 1, 2, 3],
	);
});

test('the errors of removed exports name the replacement', () => {
	const construct = (made: unknown) => Reflect.construct(made as typeof Event, ['close']);
	for (const made of [WebSocket, CloseEvent, ErrorEvent]) {
		assert.throws(
			() => construct(made),
			/12\.6\.12-11 and earlier is gone\. Use `locals\.upgradeWebSocket\(\)`/,
		);
	}
	assert.throws(() => attach({}, {}), /attach\(\) .* is gone/);
	assert.throws(
		() => createWebSocketHandler({}),
		/Use `handle` of `zastro-websockets-cloudflare\/handler`/,
	);
});
