import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ManualHost, settled } from '../../realtime/channel/channel.fixture.ts';
import { defineChannel } from '../../realtime/define/api/define-channel.ts';
import { MemoryEngine } from '../../realtime/memory/memory-engine.ts';
import { RealtimeError } from '../../realtime/protocol/errors.ts';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import { Hub } from '../../realtime/server/hub.ts';
import { FakeSocket, type Files, Stage } from '../../realtime/server/server.fixture.ts';
import { answer } from './answer.ts';

/** A socket whose events a test fires. */
class EventSocket extends EventTarget {
	readonly #socket = new FakeSocket();
	readonly readyState = 1;
	binaryType = 'blob';

	get sent(): FakeSocket['sent'] {
		return this.#socket.sent;
	}

	get closed(): FakeSocket['closed'] {
		return this.#socket.closed;
	}

	send(content: string | Uint8Array): void {
		this.#socket.send(content);
	}

	close(code: number, reason: string): void {
		this.#socket.close(code, reason);
	}

	async fire(type: string, members: object = {}): Promise<void> {
		this.dispatchEvent(Object.assign(new Event(type), members));
		await settled();
	}
}

interface Visit {
	readonly response: Response;
	readonly socket: EventSocket;
	/** Of `upgradeWebSocket()`, undefined if it was not called. */
	readonly options: { readonly protocol?: string } | undefined;
}

const ACCEPTED = Object.assign(new Response(), { isAccepted: true });

async function visit(
	stage: Stage,
	path: string,
	protocols?: string,
	isUpgradeRequest = true,
	upgrading: () => void = () => {},
): Promise<Visit> {
	const url = new URL(path, 'http://localhost');
	const socket = new EventSocket();
	let options: Visit['options'];
	const context: EndpointContext = {
		url,
		request: new Request(url, {
			headers: protocols === undefined ? {} : { 'sec-websocket-protocol': protocols },
		}),
		locals: {
			isUpgradeRequest,
			upgradeWebSocket(given: object) {
				options = given;
				upgrading();
				return { socket, response: ACCEPTED };
			},
		},
	};
	const report = (message: string, error?: unknown): void => stage.host.report(message, error);
	return {
		response: await answer(context, stage.hub, { report, hasTrailingSlash: false }),
		socket,
		options,
	};
}

const FILES: Files = {
	rooms: { default: defineChannel({ authorize: 'users', messages: {} } as never) },
};

function withUser(authenticate: (context: EndpointContext) => unknown): Stage {
	return new Stage({ ...FILES, _middleware: { authenticate } });
}

const PROTOCOL = 'zastro-realtime.v1';

describe('The realtime endpoint', () => {
	it('asks for a WebSocket with 426', async () => {
		const { response } = await visit(new Stage(FILES), '/_realtime', undefined, false);
		assert.equal(response.status, 426);
		assert.equal(response.headers.get('upgrade'), 'websocket');
		assert.match(await response.text(), /Connect with a WebSocket\.\n$/);
	});

	it('refuses with 503 as long as no channels are loaded', async () => {
		const host = new ManualHost();
		const stage = Object.assign(new Stage(), { hub: new Hub(host, new MemoryEngine(host)) });
		for (const protocol of [PROTOCOL, undefined]) {
			const { response, options } = await visit(stage, '/_realtime/rooms', protocol);
			assert.equal(response.status, 503);
			assert.equal(options, undefined);
			assert.match(await response.text(), /^The channels are not loaded\./);
		}
	});

	it('accepts a realtime client with its user', async () => {
		const { response, socket, options } = await visit(
			withUser(() => ({ id: 'ada' })),
			'/_realtime',
			PROTOCOL,
		);
		assert.equal(response, ACCEPTED);
		assert.equal(options?.protocol, PROTOCOL);
		assert.equal(socket.binaryType, 'arraybuffer');
		await socket.fire('open');
		await socket.fire('message', { data: '["hello",{}]' });
		await socket.fire('message', { data: '["join",1,"rooms",{}]' });
		assert.match(String(socket.sent[1]), /^\["joined",1,/);
	});

	it('shows a token to authenticate, and never chooses its subprotocol', async () => {
		const seen: unknown[] = [];
		const stage = withUser(({ request }) => {
			seen.push(request.headers.get('authorization'));
		});
		const encoded = Buffer.from('abc').toString('base64url');
		const { options } = await visit(stage, '/_realtime', `zastro-auth.${encoded}, ${PROTOCOL}`);
		assert.deepEqual(seen, ['Bearer abc']);
		assert.equal(options?.protocol, PROTOCOL);
		const { response } = await visit(stage, '/_realtime', `zastro-auth.!, ${PROTOCOL}`);
		assert.equal(response.status, 400);
	});

	it('gives the Response of authenticate', async () => {
		const refusal = new Response('Sign in', { status: 401 });
		const { response, options } = await visit(
			withUser(() => refusal),
			'/_realtime',
			PROTOCOL,
		);
		assert.equal(response, refusal);
		assert.equal(options, undefined);
	});

	for (const [what, authenticate] of [
		['throws', () => assert.fail('oops')],
		['gives a user without an id', () => ({ name: 'Ada' })],
		['gives a user whose id is no string', () => ({ id: 7 })],
		['gives text', () => 'ada'],
	] as const) {
		it(`fails with 500 and reports it if authenticate ${what}`, async () => {
			const stage = withUser(authenticate);
			const { response } = await visit(stage, '/_realtime', PROTOCOL);
			assert.equal(response.status, 500);
			assert.match(stage.host.reports[0] ?? '', /^`authenticate` of/);
		});
	}

	it('closes with 4505 and a sentence for a version it does not know', async () => {
		const { socket, options } = await visit(new Stage(FILES), '/_realtime', 'zastro-realtime.v9');
		assert.equal(options?.protocol, 'zastro-realtime.v9');
		assert.deepEqual(socket.closed, {
			code: 4505,
			reason: 'This server speaks zastro-realtime.v1.',
		});
	});

	it('answers 404 alike for a path that is refused and one that does not exist', async () => {
		const stage = new Stage(FILES);
		const refused = await visit(stage, '/_realtime/rooms');
		const unknown = await visit(stage, '/_realtime/nothing');
		assert.equal(refused.response.status, 404);
		assert.equal(unknown.response.status, 404);
		assert.equal(await refused.response.text(), await unknown.response.text());
	});

	it('answers 503 or 403 for a path whose channel fails or forbids the join', async () => {
		const channel = (authorize: () => unknown): Files[string] => ({
			default: defineChannel({ authorize, anonymous: true, messages: {} } as never),
		});
		const stage = new Stage({
			failing: channel(() => assert.fail('no database')),
			forbidding: channel(() => {
				throw new RealtimeError({ code: 'FORBIDDEN', message: 'Your plan has ended.' });
			}),
		});
		const failed = (await visit(stage, '/_realtime/failing')).response;
		assert.equal(failed.status, 503);
		assert.equal(failed.headers.get('retry-after'), '10');
		const forbidden = (await visit(stage, '/_realtime/forbidding')).response;
		assert.equal(forbidden.status, 403);
		assert.equal(await forbidden.text(), 'Your plan has ended.\n');
	});

	it('answers 400 for a path that names nothing', async () => {
		for (const path of ['/_realtime', '/_realtime/rooms//', '/_realtime/a%2Fb']) {
			assert.equal((await visit(new Stage(FILES), path)).response.status, 400);
		}
	});

	it('joins a plain client when its socket opens', async () => {
		const stage = withUser(() => ({ id: 'ada' }));
		const { response, socket } = await visit(stage, '/_realtime/rooms');
		assert.equal(response, ACCEPTED);
		assert.equal(stage.hub.stats().members, 0);
		await socket.fire('open');
		assert.equal(stage.hub.stats().members, 1);
		await socket.fire('close', { code: 1000 });
		assert.equal(stage.hub.stats().members, 0);
	});

	it('forgets the join of a plain client whose handshake fails', async (context) => {
		const stage = withUser(() => ({ id: 'ada' }));
		let cancelled = 0;
		const authorize = stage.hub.authorize.bind(stage.hub);
		context.mock.method(stage.hub, 'authorize', async (...args: Parameters<typeof authorize>) => {
			const admission = await authorize(...args);
			return admission && { ...admission, cancel: () => cancelled++ };
		});
		const failing = visit(stage, '/_realtime/rooms', 'chat', true, () => {
			throw new Error('No subprotocol fits.');
		});
		await assert.rejects(failing, /No subprotocol fits/);
		assert.equal(cancelled, 1);
	});
});
