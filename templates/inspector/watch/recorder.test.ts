import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type TestContext, test } from 'node:test';
import type { Row, Update } from '../report/events.ts';
import { FrameScanner, textFrame } from './frame-scanner.ts';
import { Recorder } from './recorder.ts';

const ACCEPTED =
	'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n';
const MASK = Buffer.from([1, 2, 3, 4]);

/** A server with a recorder, and one client of it. */
class Connected {
	readonly recorder: Recorder;
	readonly client: Socket;
	readonly server: Duplex;
	readonly #changes: () => Promise<void>;

	private constructor(
		recorder: Recorder,
		client: Socket,
		server: Duplex,
		changes: () => Promise<void>,
	) {
		this.recorder = recorder;
		this.client = client;
		this.server = server;
		this.#changes = changes;
	}

	/** @param head What the server answers: a head of a response, or a whole response. */
	static async open(context: TestContext, head: string, path = '/chat'): Promise<Connected> {
		let changed = (): void => {};
		const recorder = new Recorder(() => changed());
		const http = createServer();
		http.listen(0, '127.0.0.1');
		await once(http, 'listening');
		const client = connect((http.address() as AddressInfo).port, '127.0.0.1');
		client.on('error', () => {});
		context.after(() => {
			client.destroy();
			http.close();
		});
		client.write(
			`GET ${path} HTTP/1.1\r\nHost: site\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nCookie: session=very-secret\r\n\r\n`,
		);
		const [request, server] = (await once(http, 'upgrade')) as [IncomingMessage, Socket];
		server.on('error', () => {});
		recorder.watch(request, server);
		server.write(head);
		client.resume();
		return new Connected(recorder, client, server, () => {
			return new Promise((resolve) => {
				changed = resolve;
			});
		});
	}

	/** The state, once it holds. */
	async until(holds: (update: Update) => boolean): Promise<Update> {
		for (;;) {
			const change = this.#changes();
			const update = this.recorder.update(0);
			if (holds(update)) return update;
			await change;
		}
	}

	/** The first row with this label. */
	async row(label: string): Promise<Row> {
		const { rows } = await this.until((update) => update.rows.some((row) => row.label === label));
		const row = rows.find((each) => each.label === label);
		assert.ok(row);
		return row;
	}
}

/** The next text message that a stream gets. */
function nextText(stream: Duplex): Promise<string> {
	return new Promise((resolve) => {
		const scanner = new FrameScanner(({ content }) => resolve(content.toString()));
		stream.on('data', (chunk: Buffer) => scanner.read(chunk));
	});
}

test('a connection is recorded with its messages in both directions, and its end', async (context) => {
	const connected = await Connected.open(
		context,
		`${ACCEPTED}Sec-WebSocket-Protocol: one\r\n\r\n`,
		'/chat?room=a&token=very-secret',
	);
	connected.server.on('data', () => {});
	connected.client.write(textFrame('to the server', MASK));
	connected.server.write(textFrame('{"to":"the client","password":"very-secret"}'));
	await connected.until(({ rows }) => rows.length === 3);
	connected.client.destroy();
	await connected.row('closed 1006');
	const { rows, connections } = connected.recorder.update(0);
	assert.equal(rows.at(-1)?.isBad, true);
	assert.deepEqual(
		// The server writes before it reads.
		rows.map(({ kind, to, text, size }) => [kind, to, text, size]),
		[
			['handshake', undefined, '/chat?room=a&token=••• · one', undefined],
			['message', 'client', '{"to":"the client","password":"•••"}', 44],
			['message', 'server', 'to the server', 13],
			['handshake', undefined, 'without a closing handshake', undefined],
		],
	);
	const [info] = connections;
	assert.deepEqual(info?.toServer, { messages: 1, bytes: 13 });
	assert.deepEqual(info?.toClient, { messages: 1, bytes: 44 });
	assert.equal(info?.code, 1006);
	assert.doesNotMatch(JSON.stringify(connected.recorder.update(0)), /very-secret/);
});

test('the frames of one message of a channel are recorded one by one', async (context) => {
	const connected = await Connected.open(
		context,
		`${ACCEPTED}Sec-WebSocket-Protocol: zastro-realtime.v1\r\n\r\n`,
	);
	const frames = ['["event",1,"b","a",1,null,null,"said","hi"]', '["reply",1,1]'];
	connected.server.write(textFrame(frames.join('\n')));
	await connected.until(({ rows }) => rows.length === 3);
	assert.deepEqual(
		connected.recorder.update(0).rows.map(({ label, size }) => [label, size]),
		[
			['open', undefined],
			['said', 43],
			['reply', 13],
		],
	);
	connected.client.destroy();
	await connected.row('closed 1006');
});

test('a refused handshake is recorded with its reason and the option to change', async (context) => {
	const body = 'Not allowed.\nAdd the origin to `websocket.allowedOrigins`.';
	const connected = await Connected.open(
		context,
		`HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
	);
	connected.server.end();
	const row = await connected.row('403');
	assert.equal(row.text, '/chat · Not allowed.');
	assert.equal(row.hint, 'Add the origin to `websocket.allowedOrigins`.');
	assert.equal(row.isBad, true);
	assert.deepEqual(connected.recorder.update(0).connections, []);
});

test('a refusal that is sent in chunks is read, and one without text gets advice', async (context) => {
	const chunked = await Connected.open(
		context,
		'HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWho \r\n8\r\nare you?\r\n0\r\n\r\n',
	);
	chunked.server.end();
	assert.equal((await chunked.row('401')).text, '/chat · Who are you?');
	const missing = await Connected.open(
		context,
		'HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 3\r\n\r\n<p>',
	);
	missing.server.end();
	assert.equal((await missing.row('404')).hint, 'No route of the site answers /chat.');
	const lost = await Connected.open(context, '');
	lost.server.destroy();
	assert.match((await lost.row('no response')).text, /ended before a response/);
});

test('a message sent by hand reaches the server as the client, and the client', async (context) => {
	const connected = await Connected.open(context, `${ACCEPTED}\r\n`);
	await connected.row('open');
	const atServer = nextText(connected.server);
	connected.recorder.act({ type: 'send', connection: 1, to: 'server', text: 'as the client' });
	assert.equal(await atServer, 'as the client');
	connected.recorder.act({ type: 'send', connection: 1, to: 'client', text: 'to the client' });
	const { rows } = await connected.until((update) => update.rows.length === 3);
	assert.deepEqual(
		rows.slice(1).map(({ to, text, isByHand }) => [to, text, isByHand]),
		[
			['server', 'as the client', true],
			['client', 'to the client', true],
		],
	);
});

test('a message by hand waits for the end of a message that is being sent', async (context) => {
	const connected = await Connected.open(context, `${ACCEPTED}\r\n`);
	await connected.row('open');
	const seen: string[] = [];
	const scanner = new FrameScanner(({ content }) => seen.push(content.toString()));
	connected.server.on('data', (chunk: Buffer) => scanner.read(chunk));
	const frame = textFrame('the whole message', MASK);
	connected.client.write(frame.subarray(0, 9));
	await once(connected.server, 'data');
	connected.recorder.act({ type: 'send', connection: 1, to: 'server', text: 'by hand' });
	connected.client.write(frame.subarray(9));
	await connected.until(({ rows }) => rows.some(({ isByHand }) => isByHand === true));
	assert.deepEqual(seen, ['the whole message', 'by hand']);
});

test('closing sends a close frame, dropping sends none', async (context) => {
	const closing = await Connected.open(context, `${ACCEPTED}\r\n`);
	closing.server.on('data', () => {});
	const code = new Promise<number>((resolve) => {
		const response = 'Upgrade\r\n\r\n';
		closing.client.on('data', (chunk: Buffer) => {
			const at = chunk.indexOf(response);
			const frames = at === -1 ? chunk : chunk.subarray(at + response.length);
			new FrameScanner(({ content }) => resolve(content.readUInt16BE(0))).read(frames);
		});
	});
	closing.recorder.act({ type: 'close', connection: 1 });
	assert.equal(await code, 1001);
	const dropped = await Connected.open(context, `${ACCEPTED}\r\n`);
	dropped.recorder.act({ type: 'drop', connection: 1 });
	await dropped.row('closed 1006');
});

test('only the last rows and some closed connections are kept', async (context) => {
	const connected = await Connected.open(context, `${ACCEPTED}\r\n`);
	for (let number = 1; number <= 1200; number++) {
		connected.server.write(textFrame(String(number)));
	}
	const { rows } = connected.recorder.update(0);
	assert.equal(rows.length, 500);
	assert.equal(rows.at(-1)?.text, '1200');
	assert.deepEqual(
		connected.recorder.update(rows.at(-2)?.number ?? 0).rows.map(({ text }) => text),
		['1200'],
	);
	assert.equal(connected.recorder.update(1200, 'another run').rows.length, 500);
});
