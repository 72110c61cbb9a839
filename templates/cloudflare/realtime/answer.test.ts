import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { settled } from '../../realtime/channel/channel.fixture.ts';
import { defineChannel } from '../../realtime/define/api/define-channel.ts';
import type { EndpointContext } from '../../realtime/server/handshake.ts';
import { FakeSocket, type Files, Stage } from '../../realtime/server/server.fixture.ts';
import { answer } from './answer.ts';
import { type Handover, readHandover } from './base/handover.ts';

const PROTOCOL = 'zastro-realtime.v1';
/** Node's constructor refuses the status. */
const ACCEPTED_BY_OBJECT = Object.defineProperty(new Response(), 'status', { value: 101 });
const ACCEPTED_BY_WORKER = new Response();

/** The Worker's own socket, whose messages a test fires. */
class WorkerSocket extends EventTarget {
	readonly socket = new FakeSocket();
	binaryType = 'blob';

	send(content: string): void {
		this.socket.send(content);
	}

	close(code: number, reason: string): void {
		this.socket.close(code, reason);
	}

	async fire(data: unknown): Promise<void> {
		this.dispatchEvent(Object.assign(new Event('message'), { data }));
		await settled();
	}
}

interface Visit {
	readonly response: Response;
	readonly socket: WorkerSocket;
	/** The object that the client was handed to, and how. */
	readonly object: { readonly name: string; readonly handover: Handover | undefined } | undefined;
}

async function visit(
	files: Files,
	path: string,
	{
		protocol = PROTOCOL,
		headers = {},
		fails = false,
	}: {
		readonly protocol?: string | null;
		readonly headers?: Record<string, string>;
		readonly fails?: boolean;
	} = {},
): Promise<Visit> {
	const stage = new Stage(files);
	const url = new URL(path, 'http://localhost');
	const socket = new WorkerSocket();
	let object: Visit['object'];
	const given = protocol === null ? headers : { ...headers, 'sec-websocket-protocol': protocol };
	const context: EndpointContext = {
		url,
		request: new Request(url, { headers: given }),
		locals: {
			isUpgradeRequest: true,
			upgradeWebSocket: () => ({ socket, response: ACCEPTED_BY_WORKER }),
		},
	};
	const response = await answer(context, stage.site, {
		report: (message, error) => stage.host.report(message, error),
		hasTrailingSlash: false,
		secret: () => stage.host.secret(),
		objectOf: (name) => ({
			async fetch(request) {
				if (fails) throw new Error('overloaded');
				object = { name, handover: readHandover(request) };
				return ACCEPTED_BY_OBJECT;
			},
		}),
	});
	return { response, socket, object };
}

const channel = (options: object): Files[string] => ({
	default: defineChannel({ messages: {}, ...options } as never),
});

const FILES: Files = {
	'rooms/[room]': channel({ authorize: ({ user }: { user: { id: string } }) => user.id === 'ada' }),
	open: channel({ authorize: () => ({ history: false }), anonymous: true }),
	_middleware: {
		authenticate: ({ request }: EndpointContext) => {
			const id = request.headers.get('x-user');
			return id === null ? undefined : { id, name: 'Zoë 🦜' };
		},
	},
};
const ADA = { 'x-user': 'ada' };
const EVE = { 'x-user': 'eve' };
const LOBBY = '/_realtime/?channel=rooms&param.room=lobby%2F1';

describe('the realtime endpoint of a Worker', () => {
	it('hands a client over to the object of its channel, with what the site said', async () => {
		const { response, object } = await visit(FILES, LOBBY, { headers: ADA });
		assert.equal(response, ACCEPTED_BY_OBJECT);
		assert.equal(object?.name, 'channel:rooms%2F%5Broom%5D/lobby%2F1');
		assert.deepEqual(object?.handover, {
			version: 1,
			kind: 'protocol',
			user: { id: 'ada', name: 'Zoë 🦜' },
			allowed: { history: true },
		});
	});

	it('passes nothing on that the client sent', async () => {
		const forged = { version: 1, kind: 'protocol', user: { id: 'root' }, allowed: {} };
		const headers = { ...ADA, 'zastro-handover': encodeURIComponent(JSON.stringify(forged)) };
		const { object } = await visit(FILES, LOBBY, { headers });
		assert.equal(object?.handover?.user?.id, 'ada');
		assert.equal(
			(await visit(FILES, LOBBY, { headers: { ...headers, ...EVE } })).object,
			undefined,
		);
	});

	for (const [what, path, headers] of [
		['a user who may not join', LOBBY, EVE],
		['a visitor', LOBBY, {}],
		['an unknown channel', '/_realtime/?channel=nothing', ADA],
		['a missing parameter', '/_realtime/?channel=rooms', ADA],
		['no channel at all', '/_realtime/', ADA],
	] as const) {
		it(`tells ${what} on a socket of its own that the join is refused`, async () => {
			const { response, socket, object } = await visit(FILES, path, { headers });
			assert.equal(response, ACCEPTED_BY_WORKER);
			assert.equal(object, undefined);
			await socket.fire('ping');
			await socket.fire('["hello",{}]');
			await socket.fire('["join",1,"rooms",{"room":"lobby/1"}]');
			const [, welcome, refused] = socket.socket.sent.map(String);
			assert.match(String(welcome), /^\["welcome",\{"session":"[\w-]{22}","isResumed":false,/);
			assert.match(String(refused), /^\["refused",1,\{"code":"NOT_FOUND",/);
			assert.equal(socket.socket.closed?.code, 1000);
		});
	}

	it('tells a client that its join failed and may be tried again', async () => {
		const files = {
			...FILES,
			'rooms/[room]': channel({ authorize: () => assert.fail('no database') }),
		};
		const { socket, object } = await visit(files, LOBBY, { headers: ADA });
		assert.equal(object, undefined);
		await socket.fire('["hello",{}]');
		await socket.fire('["join",1,"rooms",{"room":"lobby/1"}]');
		assert.match(
			String(socket.socket.sent[1]),
			/^\["refused",1,\{"retryAfter":10000,"code":"INTERNAL_SERVER_ERROR",/,
		);
		const plain = { protocol: null, headers: ADA };
		const { response } = await visit(files, '/_realtime/rooms/lobby', plain);
		assert.equal(response.status, 503);
		assert.equal(response.headers.get('retry-after'), '10');
	});

	it('closes a refused client that sends no frame', async () => {
		const { socket } = await visit(FILES, LOBBY);
		await socket.fire('{');
		assert.equal(socket.socket.closed?.code, 4500);
	});

	it('hands plain clients over by their path, or answers 404', async () => {
		const plain = { protocol: null, headers: ADA };
		const { object } = await visit(FILES, '/_realtime/rooms/lobby', plain);
		assert.equal(object?.name, 'channel:rooms%2F%5Broom%5D/lobby');
		assert.equal(object?.handover?.kind, 'plain');
		const open = await visit(FILES, '/_realtime/open', { protocol: null });
		assert.deepEqual(open.object?.handover?.allowed, { history: false });
		for (const path of ['/_realtime/nothing', '/_realtime/rooms/lobby']) {
			const { response } = await visit(FILES, path, { protocol: null, headers: EVE });
			assert.equal(response.status, 404);
		}
	});

	it('hands an inbox over to the object of its user, and closes that of a visitor', async () => {
		const { object } = await visit(FILES, '/_realtime/?inbox', { headers: ADA });
		assert.equal(object?.name, 'user:ada');
		assert.equal(object?.handover?.allowed, undefined);
		const { socket } = await visit(FILES, '/_realtime?inbox');
		assert.equal(socket.socket.closed?.code, 4501);
	});

	it('tells a client that the object cannot be reached', async () => {
		const { socket } = await visit(FILES, LOBBY, { headers: ADA, fails: true });
		await socket.fire('["hello",{}]');
		await socket.fire('["join",7,"rooms",{"room":"lobby/1"}]');
		assert.match(String(socket.socket.sent[1]), /^\["refused",7,\{"code":"SERVICE_UNAVAILABLE",/);
		const options = { protocol: null, headers: ADA, fails: true };
		assert.equal((await visit(FILES, '/_realtime/rooms/lobby', options)).response.status, 503);
	});

	it('refuses a client of a channel whose name no object is told', async () => {
		const room = '/'.repeat(256);
		const files = { 'rooms/[a]/[b]/[c]/[d]': channel({ authorize: 'anyone' }) };
		const query = [...'abcd'].map((param) => `&param.${param}=${encodeURIComponent(room)}`);
		const { socket, object } = await visit(files, `/_realtime/?channel=rooms${query.join('')}`);
		assert.equal(object, undefined);
		await socket.fire('["hello",{}]');
		await socket.fire('["join",1,"rooms",{}]');
		assert.deepEqual(JSON.parse(String(socket.socket.sent[1])), [
			'refused',
			1,
			{ code: 'CONTENT_TOO_LARGE', message: 'The name of a channel is larger than 1 KB.' },
		]);
	});

	it('lets a client keep its session for the next attempt', async () => {
		const { socket } = await visit(FILES, LOBBY, { headers: ADA, fails: true });
		const session = 'S'.repeat(22);
		await socket.fire(`["hello",{"session":"${session}"}]`);
		assert.match(
			String(socket.socket.sent[0]),
			/^\["welcome",\{"session":"S{22}","isResumed":true,/,
		);
	});

	it('closes a client of another version with 4505', async () => {
		const { socket } = await visit(FILES, LOBBY, { protocol: 'zastro-realtime.v9' });
		assert.equal(socket.socket.closed?.code, 4505);
	});
});
