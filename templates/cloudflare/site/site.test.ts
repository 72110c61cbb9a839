import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { WebSocketFailure, WebSocketHooks } from '../../handshake/hooks.ts';
import type { WebSocketLocals } from '../../locals/types.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import type { PlatformContext, PlatformSocket } from '../connection/platform.ts';
import { admitState, type SiteState } from './fetch-state.ts';
import { Site, type SiteApp, type SiteOptions } from './site.ts';
import { onRequest } from './timed-middleware.ts';

/** A fake end of a pair that records only its acceptance. */
class FakeSocket implements PlatformSocket {
	readonly readyState = 1;
	readonly extensions = '';
	binaryType = '';
	isAccepted = false;
	accept(): void {
		this.isAccepted = true;
	}
	send(): void {}
	close(): void {}
	addEventListener(): void {}
}

interface Init extends ResponseInit {
	readonly webSocket?: FakeSocket;
}

/** A fake of the runtime's response, which accepts 101 and passes a socket on to copies. */
class FakeResponse extends Response {
	readonly webSocket: FakeSocket | undefined;
	constructor(body: string | null, init: Init = {}) {
		super(body, {
			headers: init.headers ?? {},
			status: init.status === 101 ? 200 : (init.status ?? 200),
		});
		if (init.status === 101) Object.defineProperty(this, 'status', { value: 101 });
		this.webSocket = init.webSocket;
	}
}

const pairs: { 0: FakeSocket; 1: FakeSocket }[] = [];

class FakePair {
	0: FakeSocket = new FakeSocket();
	1: FakeSocket = new FakeSocket();
	constructor() {
		pairs.push(this);
	}
}

Object.assign(globalThis, { Response: FakeResponse, WebSocketPair: FakePair });

const OPTIONS: SiteOptions = {
	allowedOrigins: ['^https://app\\.example\\.org$'],
	handshakeTimeout: 0,
	maxMessagesPerSecond: 0,
	maxPayload: 1024,
};

/** The work passed to `waitUntil()`. */
const work: unknown[] = [];
const CONTEXT: PlatformContext = {
	waitUntil(task) {
		work.push(task);
	},
};

interface Bench {
	readonly site: Site;
	readonly app: SiteApp;
	readonly request: Request;
	readonly locals: WebSocketLocals;
}

function bench(hooks: WebSocketHooks = {}, headers: Record<string, string> = {}): Bench {
	const request = {
		method: 'GET',
		url: 'https://example.com/chat?http',
		headers: new Headers({ host: 'example.com', upgrade: 'websocket', ...headers }),
	};
	return {
		site: new Site(OPTIONS, hooks),
		app: {
			matchesAllowedDomains: (host) => host.endsWith('.example.net'),
		},
		request: request as Request,
		locals: {} as WebSocketLocals,
	};
}

/** Runs a request through the site, like upstream's `handle`. */
async function run(
	{ site, request, locals, app }: Bench,
	render: () => Response | Promise<Response>,
): Promise<FakeResponse> {
	const response = await site.answer(request, locals, app, CONTEXT, async () => await render());
	return site.settle(request, response) as FakeResponse;
}

/** Records printed errors. */
function log(context: TestContext): unknown[][] {
	const printed: unknown[][] = [];
	context.mock.method(console, 'error', (...failures: unknown[]) => printed.push(failures));
	return printed;
}

test('an ordinary request gets the locals of ordinary requests', async () => {
	const site = bench({}, { upgrade: 'h2c' });
	const response = await run(site, () => new Response('page'));
	assert.equal(await response.text(), 'page');
	assert.equal(site.locals.isUpgradeRequest, false);
	assert.throws(() => site.locals.upgradeWebSocket(), /must be an upgrade request/);
});

test('returning the response of the upgrade accepts', async () => {
	const site = bench();
	const events: string[] = [];
	const response = await run(site, () => {
		assert.equal(site.locals.isUpgradeRequest, true);
		const { socket, response } = site.locals.upgradeWebSocket({ headers: { 'x-mine': 'yes' } });
		assert.equal(socket.url, 'wss://example.com/chat?http');
		assert.equal(socket.readyState, 0);
		socket.onopen = () => events.push('open');
		return response;
	});
	assert.equal(response.status, 101);
	assert.equal(response.headers.get('x-mine'), 'yes');
	assert.equal(response.webSocket, pairs.at(-1)?.[0]);
	assert.equal(pairs.at(-1)?.[1].isAccepted, true);
	assert.deepEqual(events, ['open']);
});

test('a copy of the response by middleware accepts as well', async () => {
	const site = bench();
	await run(site, () => {
		const { response } = site.locals.upgradeWebSocket();
		return new Response(response.body, response);
	});
	assert.equal(pairs.at(-1)?.[1].isAccepted, true);
});

test('any other response refuses, and the socket fires error and close', async () => {
	const site = bench();
	const events: unknown[] = [];
	const response = await run(site, () => {
		const { socket } = site.locals.upgradeWebSocket();
		socket.onerror = (event) => events.push(event.message);
		socket.onclose = (event) => events.push(event.code);
		return new Response('no', { status: 401 });
	});
	assert.equal(response.status, 401);
	assert.equal(pairs.at(-1)?.[1].isAccepted, false);
	assert.deepEqual(events, [
		'The WebSocket was not accepted: the response of upgradeWebSocket() was not sent.',
		1006,
	]);
});

test('an exception of the route refuses', async () => {
	const site = bench();
	const codes: number[] = [];
	const failing = run(site, () => {
		const { socket } = site.locals.upgradeWebSocket();
		socket.onclose = (event) => codes.push(event.code);
		throw new Error('from a route');
	});
	await assert.rejects(failing, /from a route/);
	assert.deepEqual(codes, [1006]);
});

test('an upgrade after the response is too late', async () => {
	const site = bench();
	await run(site, () => new Response('no', { status: 401 }));
	const { socket } = site.locals.upgradeWebSocket();
	const code = await new Promise((resolve) => {
		socket.onclose = (event) => resolve(event.code);
	});
	assert.equal(code, 1006);
});

test('a second upgrade of one request is an error', async () => {
	const site = bench();
	await run(site, () => {
		const { response } = site.locals.upgradeWebSocket();
		assert.throws(() => site.locals.upgradeWebSocket(), /already called/);
		return response;
	});
});

test('the route selects the subprotocol, and the runtime sets the headers of the handshake', async () => {
	const site = bench({}, { 'sec-websocket-protocol': 'a, b' });
	const headers = { 'Sec-WebSocket-Protocol': 'zzz', 'Sec-WebSocket-Accept': 'zzz' };
	const response = await run(site, () => {
		assert.throws(() => site.locals.upgradeWebSocket({ protocol: 'c' }), /did not offer/);
		return site.locals.upgradeWebSocket({ protocol: 'b', headers }).response;
	});
	assert.equal(response.headers.get('sec-websocket-protocol'), 'b');
	assert.equal(response.headers.has('sec-websocket-accept'), false);
});

test('the hook selects the subprotocol if the route does not', async () => {
	const selectProtocol = (offered: readonly string[]): string | undefined => offered.at(-1);
	const site = bench({ selectProtocol }, { 'sec-websocket-protocol': 'a, b' });
	const response = await run(site, () => site.locals.upgradeWebSocket().response);
	assert.equal(response.headers.get('sec-websocket-protocol'), 'b');
});

for (const [origin, status] of [
	['https://example.com', 101],
	['http://example.com', 403],
	['https://app.example.org', 101],
	['https://www.example.net', 101],
	['https://evil.example', 403],
	['null', 403],
] as const) {
	test(`a handshake from the origin ${origin} gets ${status}`, async () => {
		const site = bench({}, { origin });
		const response = await run(site, () => site.locals.upgradeWebSocket().response);
		assert.equal(response.status, status);
	});
}

for (const [offered, status] of [
	['a, b', 101],
	['a, a', 400],
	['a b', 400],
] as const) {
	test(`a handshake that offers ${JSON.stringify(offered)} gets ${status}`, async () => {
		const site = bench({}, { 'sec-websocket-protocol': offered });
		const response = await run(site, () => site.locals.upgradeWebSocket().response);
		assert.equal(response.status, status);
	});
}

for (const [verdict, status] of [
	[true, 101],
	[false, 403],
	['yes', 403],
	[new Response('no', { status: 418 }), 418],
] as const) {
	const name = verdict instanceof Response ? 'a response' : JSON.stringify(verdict);
	test(`a verifyClient() that returns ${name} results in ${status}`, async () => {
		const verifyClient = (): Promise<boolean> => Promise.resolve(verdict as boolean);
		const site = bench({ verifyClient });
		const response = await run(site, () => site.locals.upgradeWebSocket().response);
		assert.equal(response.status, status);
	});
}

test('hooks get the client address from Cloudflare or from the clientAddress hook', async () => {
	const addresses: string[] = [];
	const verifyClient: WebSocketHooks['verifyClient'] = ({ clientAddress }) =>
		addresses.push(clientAddress) > 0;
	const headers = { 'cf-connecting-ip': '203.0.113.1' };
	const render = (): Response => new Response();
	await run(bench({ verifyClient }, headers), render);
	await run(bench({ verifyClient, clientAddress: (_, address) => `${address}!` }, headers), render);
	await run(bench({ verifyClient }), render);
	assert.deepEqual(addresses, ['203.0.113.1', '203.0.113.1!', '']);
});

for (const name of ['verifyClient', 'clientAddress'] as const) {
	test(`an error of ${name}() refuses with 500 and is reported`, async (context) => {
		const printed = log(context);
		const error = new Error('from a hook');
		const hook = (): never => {
			throw error;
		};
		const site = bench({ [name]: hook });
		const response = await run(site, () => assert.fail('the site must not run'));
		assert.equal(response.status, 500);
		assert.deepEqual(printed, [[`The WebSocket hook \`${name}\` failed`, error]]);
	});
}

test('onError gets the request, and the socket if there is one', async () => {
	const failures: WebSocketFailure[] = [];
	const hooks: WebSocketHooks = {
		onError: (failure) => void failures.push(failure),
		verifyClient: ({ request }) => {
			if (request.headers.has('x-fail')) throw new Error('from a hook');
			return true;
		},
	};
	const refused = bench(hooks, { 'x-fail': 'yes' });
	await run(refused, () => assert.fail('the site must not run'));
	const accepted = bench(hooks);
	let socket: AstroWebSocket | undefined;
	await run(accepted, () => {
		const upgrade = accepted.locals.upgradeWebSocket();
		socket = upgrade.socket;
		socket.onopen = () => {
			throw new Error('from a handler');
		};
		return upgrade.response;
	});
	const [first = assert.fail(), second = assert.fail()] = failures;
	assert.deepEqual([first.socket, first.request], [undefined, refused.request]);
	assert.deepEqual([second.socket, second.request], [socket, accepted.request]);
	assert.match(second.message, /^A WebSocket handler failed on ws/);
});

for (const wrong of [null, 'yes', true]) {
	test(`the value ${wrong} for verifyClient refuses with 500 and is reported`, async (context) => {
		const printed = log(context);
		const site = bench({ verifyClient: wrong as unknown as () => boolean });
		const response = await run(site, () => assert.fail('the site must not run'));
		assert.equal(response.status, 500);
		assert.match(String(printed[0]?.[1]), /TypeError: .*verifyClient is not a function/);
	});
}

test('a response that takes too long becomes 503', async () => {
	const site = { ...bench(), site: new Site({ ...OPTIONS, handshakeTimeout: 10 }, {}) };
	let finish: (response: Response) => void = () => {};
	const response = await run(
		site,
		() =>
			new Promise((resolve) => {
				finish = resolve;
			}),
	);
	assert.equal(response.status, 503);
	const { socket, response: late } = site.locals.upgradeWebSocket();
	finish(late);
	await new Promise((resolve) => socket.addEventListener('close', resolve));
	assert.equal(pairs.at(-1)?.[1].isAccepted, false);
});

test('a hook that takes too long results in 503 as well', async () => {
	const hooks: WebSocketHooks = { verifyClient: () => new Promise(() => {}) };
	const site = { ...bench(), site: new Site({ ...OPTIONS, handshakeTimeout: 10 }, hooks) };
	const response = await run(site, () => assert.fail('the site must not run'));
	assert.equal(response.status, 503);
});

test("the middleware enforces handshakeTimeout if a Worker calls Astro's handlers itself", async () => {
	const { app, request, locals } = bench();
	const site = new Site({ ...OPTIONS, handshakeTimeout: 10 }, {});
	await admitState(site, { request, locals }, app, CONTEXT);
	const response = await onRequest({ request }, () => new Promise(() => {}));
	assert.equal(response.status, 503);
});

test('the middleware ignores other requests', async () => {
	const page = new Response('page');
	assert.equal(await onRequest(bench(), async () => page), page);
});

test('the request waits for async handlers, and for the reports of their errors', async () => {
	const failures: string[] = [];
	const site = bench({
		async onError({ error }) {
			await null;
			failures.push(String(error));
		},
	});
	await run(site, () => {
		const { socket, response } = site.locals.upgradeWebSocket();
		socket.onopen = async () => {
			await null;
			throw new Error('late');
		};
		socket.addEventListener('open', () => {
			throw new Error('at once');
		});
		return response;
	});
	await Promise.all(work.splice(0));
	assert.deepEqual(failures.sort(), ['Error: at once', 'Error: late']);
});

test('a 101 from elsewhere is passed on with mutable headers', async () => {
	const site = bench();
	const cookies = Symbol.for('astro.cookies');
	const webSocket = new FakeSocket();
	const foreign = new FakeResponse(null, { status: 101, webSocket, headers: { 'x-room': 'a' } });
	Object.assign(foreign, { [cookies]: 'theirs' });
	const response = await run(site, () => foreign);
	assert.notEqual(response, foreign);
	assert.equal(response.webSocket, webSocket);
	assert.equal(response.headers.get('x-room'), 'a');
	assert.equal(Reflect.get(response, cookies), 'theirs');
	assert.equal(webSocket.isAccepted, false);
});

test('a rejection from elsewhere is passed on with mutable headers', async () => {
	const foreign = Response.redirect('https://example.org/');
	assert.throws(() => foreign.headers.append('Set-Cookie', 'a=b'));
	const response = await run(bench(), () => foreign);
	response.headers.append('Set-Cookie', 'a=b');
	assert.equal(response.status, 302);
	assert.equal(response.headers.get('location'), 'https://example.org/');
});

test("a custom Worker accepts with the last response in Astro's state", async () => {
	const { site, app, request, locals } = bench();
	const state: SiteState = { request, locals, response: undefined };
	assert.equal(await admitState(site, state, app, CONTEXT), undefined);
	const { socket, response } = locals.upgradeWebSocket();
	const opened = new Promise((resolve) => socket.addEventListener('open', resolve));
	state.response = response;
	state.response = new Response(response.body, response);
	assert.equal(pairs.at(-1)?.[1].isAccepted, false);
	await opened;
	assert.equal(pairs.at(-1)?.[1].isAccepted, true);
});

test('a custom Worker refuses if middleware finally refuses', async () => {
	const { site, app, request, locals } = bench();
	const state: SiteState = { request, locals, response: undefined };
	await admitState(site, state, app, CONTEXT);
	const { socket, response } = locals.upgradeWebSocket();
	const closed = new Promise((resolve) => socket.addEventListener('close', resolve));
	state.response = response;
	state.response = new Response('no', { status: 401 });
	await closed;
	assert.equal(pairs.at(-1)?.[1].isAccepted, false);
	assert.equal(state.response.status, 401);
});

test('a custom Worker gets the refusal of a handshake that is not admitted', async () => {
	const { site, app, request, locals } = bench({}, { origin: 'https://evil.example' });
	const response = await admitState(site, { request, locals }, app, CONTEXT);
	assert.equal(response?.status, 403);
});

test('an admitted request is not admitted twice', async () => {
	let count = 0;
	const one = bench({
		verifyClient: () => {
			count += 1;
			return true;
		},
	});
	const { site, app, request, locals } = one;
	await run(one, async () => {
		assert.equal(await admitState(site, { request, locals: {} }, app, CONTEXT), undefined);
		return locals.upgradeWebSocket().response;
	});
	assert.equal(count, 1);
	assert.equal(pairs.at(-1)?.[1].isAccepted, true);
});
