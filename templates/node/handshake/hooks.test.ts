import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type {
	WebSocketFailure,
	WebSocketHandshake,
	WebSocketHooks,
} from '../../handshake/hooks.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import { getConnectionManager } from '../registry/connection-manager.ts';
import { accept, serve, writeResponse } from '../site/site.fixture.ts';
import { hooksOf } from './hooks.ts';

test('verifyClient gets the handshake', async (context) => {
	let seen: WebSocketHandshake | undefined;
	const site = await serve(context, accept(), {
		hooks: {
			async verifyClient(handshake) {
				seen = handshake;
				return true;
			},
		},
	});
	await site.open({ Cookie: 'a=b' }, '/chat?room=1');
	assert.ok(seen);
	assert.equal(seen.request.url, `http://127.0.0.1:${site.port}/chat?room=1`);
	assert.equal(seen.request.headers.get('cookie'), 'a=b');
	assert.equal(seen.clientAddress, '127.0.0.1');
	assert.deepEqual(seen.protocols, []);
});

for (const host of ['x/y', 'x?y', 'x#y', 'x\\y', 'a:b@x', '[[[', 'x y', 'x:99999', '@']) {
	test(`verifyClient gets the answered path if the host is "${host}"`, async (context) => {
		const site = await serve(
			context,
			(locals, response, request) => {
				const { socket } = locals.upgradeWebSocket();
				response.end(`${socket.url} answers ${request.url}`);
			},
			{
				hooks: {
					verifyClient: ({ request }) => new URL(request.url).pathname === '/guarded',
				},
			},
		);
		const { status, body } = await site.answer({ Host: host }, '/guarded?a=b');
		assert.equal(status, 200);
		assert.equal(body, 'ws://localhost/guarded?a=b answers /guarded?a=b');
	});
}

for (const [name, verdict] of [
	['false', false],
	['nothing', undefined],
	['something truthy', 'yes'],
]) {
	test(`verifyClient that returns ${name} refuses with 403`, async (context) => {
		const verifyClient = (() => verdict) as WebSocketHooks['verifyClient'];
		const site = await serve(context, () => assert.fail('rendered'), { hooks: { verifyClient } });
		assert.equal((await site.answer()).status, 403);
	});
}

test('verifyClient may return its own response', async (context) => {
	const site = await serve(context, () => assert.fail('rendered'), {
		hooks: {
			verifyClient() {
				const headers = new Headers({ 'X-Why': 'late' });
				headers.append('Set-Cookie', 'a=1');
				headers.append('Set-Cookie', 'b=2');
				return new Response('no', { status: 402, headers });
			},
		},
	});
	const { status, headers, body } = await site.answer();
	assert.deepEqual([status, headers['x-why'], body], [402, 'late', 'no']);
	assert.deepEqual(headers['set-cookie'], ['a=1', 'b=2']);
});

test('an error of verifyClient refuses with 500, and reaches onError', async (context) => {
	const failures: WebSocketFailure[] = [];
	const site = await serve(context, () => assert.fail('rendered'), {
		hooks: {
			verifyClient: () => Promise.reject('the database is down'),
			onError: (failure) => void failures.push(failure),
		},
	});
	assert.equal((await site.answer({ 'X-Who': 'ada' }, '/chat?room=1')).status, 500);
	const [{ error, message, socket, request } = assert.fail()] = failures;
	assert.equal(error, 'the database is down');
	assert.equal(message, 'The WebSocket hook `verifyClient` failed');
	assert.equal(socket, undefined);
	assert.match(request?.url ?? '', /\/chat\?room=1$/);
	assert.equal(request?.headers.get('x-who'), 'ada');
	assert.deepEqual(site.log, []);
});

test('the result of verifyClient is ignored if the client has left', async (context) => {
	let decide = (_verdict: boolean): void => assert.fail('not asked');
	const site = await serve(context, () => assert.fail('rendered'), {
		hooks: {
			verifyClient: () =>
				new Promise((resolve) => {
					decide = resolve;
				}),
		},
	});
	const client = site.handshake();
	await wait(20);
	client.resetAndDestroy();
	await wait(20);
	decide(true);
	await wait(20);
	assert.deepEqual(site.log, []);
});

test('selectProtocol selects a subprotocol if the route does not', async (context) => {
	const selectProtocol: WebSocketHooks['selectProtocol'] = (protocols) =>
		protocols.find((protocol) => protocol === 'b');
	const site = await serve(context, accept(), { hooks: { selectProtocol } });
	const client = site.connect(['a', 'b']);
	await once(client, 'open');
	assert.equal(client.protocol, 'b');
	const other = site.connect(['c']);
	const [head] = (await once(other, 'upgrade')) as [IncomingMessage];
	assert.equal(head.headers['sec-websocket-protocol'], undefined);
});

test('the selection of the route has precedence', async (context) => {
	const selectProtocol = (): string => assert.fail('asked');
	const site = await serve(context, accept({ protocol: 'a' }), { hooks: { selectProtocol } });
	const client = site.connect(['a', 'b']);
	await once(client, 'open');
	assert.equal(client.protocol, 'a');
});

test('clientAddress returns the address that limits count', async (context) => {
	const site = await serve(context, accept(), {
		options: { maxConnectionsPerIP: 1 },
		hooks: {
			clientAddress: async (request, address) => request.headers.get('x-client') ?? address,
		},
	});
	await site.open({ 'X-Client': 'ada' });
	await site.open({ 'X-Client': 'bob' });
	assert.equal((await site.answer({ 'X-Client': 'ada' })).status, 429);
});

test('clientAddress may return an IPv6 address with a zone', async (context) => {
	const site = await serve(context, accept(), {
		hooks: { clientAddress: (request, address) => request.headers.get('x-real-ip') ?? address },
	});
	const client = await site.open({ 'x-real-ip': 'fe80::1%eth0' });
	client.close();
	await once(client, 'close');
});

test('clientAddress that throws or returns no string refuses with 500', async (context) => {
	const clientAddress = ((request: Request) => {
		if (request.headers.has('x-throw')) throw new Error('no idea');
	}) as unknown as WebSocketHooks['clientAddress'];
	const site = await serve(context, () => assert.fail('rendered'), { hooks: { clientAddress } });
	assert.equal((await site.answer({ 'X-Throw': '1' })).status, 500);
	assert.equal((await site.answer()).status, 500);
	assert.deepEqual(site.log, [
		'The WebSocket hooks failed on a handshake',
		'Error: no idea',
		'The WebSocket hooks failed on a handshake',
		'TypeError: The WebSocket hook `clientAddress` must return a string, got: undefined',
	]);
});

test('onError gets the error of a handler; if onError fails too, both errors are logged', async (context) => {
	const site = await serve(
		context,
		(locals, response, request) => {
			accept()(
				{
					...locals,
					upgradeWebSocket(options) {
						const upgrade = locals.upgradeWebSocket(options);
						upgrade.socket.onopen = () => {
							throw new Error('in a handler');
						};
						return upgrade;
					},
				},
				response,
				request,
			);
		},
		{ hooks: { onError: () => Promise.reject(new Error('in the hook')) } },
	);
	const client = await site.open();
	const [code] = await once(client, 'close');
	assert.equal(code, 1011);
	assert.match(site.log[0] ?? '', /^A WebSocket handler failed on ws:/);
	assert.deepEqual(site.log.slice(1), [
		'Error: in a handler',
		'The WebSocket hook `onError` failed',
		'Error: in the hook',
	]);
});

test('onError gets the socket and the request for every error', async (context) => {
	const failures: WebSocketFailure[] = [];
	const sockets: AstroWebSocket[] = [];
	const onError = (failure: WebSocketFailure): void => {
		const { socket } = failure;
		// The manager also reports connections left open by earlier tests.
		if (socket === undefined || sockets.includes(socket)) failures.push(failure);
	};
	const thrown = (): never => {
		throw new Error('from below');
	};
	const site = await serve(
		context,
		(locals, response) => {
			const { socket, response: accepted } = locals.upgradeWebSocket();
			sockets.push(socket);
			socket.onmessage = thrown;
			writeResponse(accepted, response);
		},
		{ hooks: { onError }, options: { maxConnections: 2 } },
	);
	const manager = getConnectionManager();
	const types = ['connection:added', 'connection:removed', 'pool:full'] as const;
	for (const type of types) manager.on(type, thrown);
	context.after(() => {
		for (const type of types) manager.off(type, thrown);
	});
	const first = await site.open({ 'X-Who': 'ada' });
	const second = await site.open({ 'X-Who': 'bob' });
	assert.equal((await site.answer({ 'X-Who': 'eve' })).status, 503);
	const closed = once(first, 'close');
	first.send('fail');
	await closed;
	second.terminate();
	while (failures.length < 6) await wait(5);
	const named = failures.map(({ message, socket, request }) => {
		const about = /`([\w:]+)`|handler/.exec(message)?.[1] ?? 'handler';
		const whose = socket === undefined ? 'none' : sockets.indexOf(socket);
		return `${about} ${whose} ${request?.headers.get('x-who')}`;
	});
	assert.deepEqual(named.sort(), [
		'connection:added 0 ada',
		'connection:added 1 bob',
		'connection:removed 0 ada',
		'connection:removed 1 bob',
		'handler 0 ada',
		'pool:full none eve',
	]);
});

test('a hook other than a function is an error, and other exports are ignored', () => {
	assert.deepEqual(hooksOf({ other: 1 }), {});
	assert.throws(() => hooksOf({ verifyClient: true }), {
		name: 'TypeError',
		message: 'The WebSocket hook `verifyClient` must be a function, got: boolean',
	});
});
