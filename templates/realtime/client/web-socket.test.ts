import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PROTOCOL } from '../protocol/constants.ts';
import { FakeSocket, type Harness, harness, ManualClock, settled } from './client.fixture.ts';
import { type ClientOptions, createClient } from './client.ts';

function connect(options: Partial<ClientOptions>): Harness {
	const test = harness(options);
	test.client.socket.on('message', () => {});
	return test;
}

function argumentsOf(options: Partial<ClientOptions>): readonly unknown[] {
	return connect(options).socket().arguments;
}

/** Sets a global for the time of a function. */
function withGlobal(name: string, value: unknown, run: () => void): void {
	const before = Object.getOwnPropertyDescriptor(globalThis, name);
	Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
	try {
		run();
	} finally {
		if (before === undefined) Reflect.deleteProperty(globalThis, name);
		else Object.defineProperty(globalThis, name, before);
	}
}

describe('the handshake', () => {
	it('goes to a URL of WebSocket, whatever form it is given in', () => {
		for (const [url, expected] of [
			['https://example.com/_realtime', 'wss://example.com/_realtime'],
			['http://localhost:4321/base/_realtime#part', 'ws://localhost:4321/base/_realtime'],
			['http://localhost:4321', 'ws://localhost:4321/_realtime'],
			['https://example.com/?a=b', 'wss://example.com/_realtime?a=b'],
			['wss://example.com/_realtime', 'wss://example.com/_realtime'],
			['ws://example.com/_realtime?a=b', 'ws://example.com/_realtime?a=b'],
			[new URL('https://example.com/_realtime'), 'wss://example.com/_realtime'],
		] as const) {
			assert.equal(argumentsOf({ url })[0], expected);
		}
	});

	it('goes to a path of the page', () => {
		withGlobal('location', new URL('https://example.com/blog/post?a#b'), () => {
			assert.equal(argumentsOf({ url: '/base/_realtime' })[0], 'wss://example.com/base/_realtime');
		});
	});

	it('offers the protocol, and a token as a subprotocol', () => {
		assert.deepEqual(argumentsOf({}).slice(1), [[PROTOCOL]]);
		assert.deepEqual(argumentsOf({ auth: 'käse?>' })[1], [PROTOCOL, 'zastro-auth.a8Okc2U_Pg']);
		assert.deepEqual(argumentsOf({ auth: '' })[1], [PROTOCOL]);
	});

	it('asks for a token for each connection', async () => {
		let count = 0;
		const test = connect({ auth: async () => `token${++count}` });
		await settled();
		test.socket().welcome().end();
		await test.clock.advance(250);
		assert.deepEqual(
			test.sockets.map((socket) => (socket.arguments[1] as string[])[1]),
			[1, 2].map((number) => `zastro-auth.${Buffer.from(`token${number}`).toString('base64url')}`),
		);
	});

	it('waits and tries again if there is no token', async () => {
		let isBroken = true;
		const test = connect({
			auth: async () => {
				if (isBroken) throw new Error('No token.');
				return 'token';
			},
		});
		await settled();
		assert.equal(test.client.status.value.state, 'waiting');
		assert.match(test.client.status.value.error?.message ?? '', /No token/);
		isBroken = false;
		await test.clock.advance(250);
		assert.equal(test.sockets.length, 1);
	});

	it('asks again if a token takes too long, and does not take it then', async () => {
		const tokens: ((token: string) => void)[] = [];
		const test = connect({ auth: () => new Promise((resolve) => tokens.push(resolve)) });
		await test.clock.advance(20_000);
		assert.equal(test.client.status.value.state, 'waiting');
		await test.clock.advance(250);
		tokens[1]?.('new');
		tokens[0]?.('old');
		await settled();
		assert.equal(test.sockets.length, 1);
		assert.equal((test.socket().arguments[1] as string[])[1], `zastro-auth.${btoa('new')}`);
	});

	it('does not connect if it is closed while it waits for a token', async () => {
		const test = connect({ auth: async () => 'token' });
		test.client.close();
		await settled();
		assert.equal(test.sockets.length, 0);
	});

	it('carries headers in the way of the constructor', () => {
		const headers = { cookie: 'a=b' };
		assert.deepEqual(argumentsOf({ headers }).slice(1), [[PROTOCOL], { headers }]);
		for (const [product, expected] of [
			['Node.js', [{ protocols: [PROTOCOL], headers }]],
			['ReactNative', [[PROTOCOL], { headers }]],
		] as const) {
			let given: readonly unknown[] = [];
			class Socket extends FakeSocket {
				constructor(...args: readonly unknown[]) {
					super(...args);
					given = args;
				}
			}
			withGlobal('navigator', { product }, () => {
				withGlobal('WebSocket', Socket, () => {
					const clock = new ManualClock();
					const client = createClient({ url: 'ws://localhost/', headers, clock });
					client.socket.on('message', () => {});
					client.close();
				});
			});
			assert.deepEqual(given.slice(1), expected);
		}
	});

	it('refuses at once what is no address of a site', () => {
		for (const url of ['localhost:4321/_realtime', '/_realtime', 'mailto:ada@example.com', '']) {
			assert.throws(() => createClient({ url }), {
				name: 'TypeError',
				message: `\`url\` is no address of a site: ${url}`,
			});
		}
		// As a script without types calls it: the option is misspelt.
		const misspelt = { ulr: 'http://localhost' } as unknown as { readonly url: string };
		assert.throws(() => createClient(misspelt), {
			message: '`url` is no address of a site: undefined',
		});
		for (const url of ['http://localhost', 'wss://example.com/base/_realtime']) {
			createClient({ url }).close();
		}
	});

	it('asks for binary messages as buffers', () => {
		assert.equal(connect({}).socket().binaryType, 'arraybuffer');
	});
});
