import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { type ClientFrame, readClientFrame } from '../../protocol/client-frames.ts';
import { PROTOCOL } from '../../protocol/constants.ts';
import * as write from '../../protocol/server-frames.ts';
import { SESSION } from '../client.fixture.ts';
import { type ClientOptions, createClient, type Handle } from '../client.ts';
import * as perChannel from './client-per-channel.ts';

/** A server of one channel that answers each message with the name of its user. */
class RealServer {
	readonly frames: ClientFrame[] = [];
	readonly #server: WebSocketServer;
	#count = 0;

	constructor() {
		this.#server = new WebSocketServer({ port: 0, handleProtocols: () => PROTOCOL });
		this.#server.on('connection', (socket: WebSocket, request: IncomingMessage) => {
			socket.on('message', (data: RawData, isBinary: boolean) => {
				const bytes = new Uint8Array(data as Buffer);
				const frame = readClientFrame(isBinary ? bytes : new TextDecoder().decode(bytes));
				this.frames.push(frame);
				for (const { content } of this.#answers(frame, String(request.headers['x-user']))) {
					socket.send(content);
				}
			});
		});
	}

	async url(): Promise<string> {
		if (this.#server.address() === null) await once(this.#server, 'listening');
		return `http://localhost:${(this.#server.address() as AddressInfo).port}/_realtime`;
	}

	/** Breaks all connections. */
	break(): void {
		for (const socket of this.#server.clients) socket.terminate();
	}

	close(): void {
		this.break();
		this.#server.close();
	}

	#answers(frame: ClientFrame, user: string): write.Frame[] {
		switch (frame.type) {
			case 'hello': {
				const isResumed = frame.session === SESSION;
				return [write.welcomeFrame({ session: SESSION, isResumed, version: '' })];
			}
			case 'join': {
				const position = frame.since ?? 'e.0.';
				const details = { position, keeps: true, ephemeral: [], idempotent: [] };
				return [write.joinedFrame(frame.ref, 1, details)];
			}
			case 'send': {
				const previous = `e.${this.#count}.`;
				const position = `e.${++this.#count}.`;
				const sent = frame.data;
				const data = sent instanceof Uint8Array ? sent : JSON.stringify(sent);
				const parts = { position, previous, at: 1, from: 'c1', id: undefined, name: 'said', data };
				return [
					write.eventFrame(1, parts),
					write.replyFrame(frame.ref, frame.id, JSON.stringify(user)),
				];
			}
			default:
				return [];
		}
	}
}

async function run(options: Partial<ClientOptions>, create = createClient): Promise<void> {
	const server = new RealServer();
	const client = create({
		url: await server.url(),
		headers: { 'x-user': 'ada' },
		random: () => 0,
		...options,
	});
	try {
		const handle = (client.channels.rooms ?? assert.fail())({ room: 'lobby' }).join();
		const taken: unknown[] = [];
		handle.on('said', (data) => taken.push(data));
		assert.equal(await handle.send('say', { text: 'grüße' }), 'ada');
		assert.equal(await handle.send('say', new Uint8Array([1, 2, 255])), 'ada');
		const lost = reaches(handle, 'waiting');
		server.break();
		await lost;
		assert.equal(await handle.send('say', 3), 'ada');
		assert.deepEqual(taken, [{ text: 'grüße' }, new Uint8Array([1, 2, 255]), 3]);
		const joins = server.frames.filter((frame) => frame.type === 'join');
		assert.deepEqual(
			joins.map(({ since }) => since),
			[undefined, 'e.2.'],
		);
	} finally {
		client.close();
		server.close();
	}
}

/** Resolves when a handle is in a state. */
function reaches(handle: Handle, state: string): Promise<void> {
	return new Promise((resolve) => {
		handle.status.listen((status) => status.state === state && resolve());
	});
}

describe('a client and a server of the package `ws`', () => {
	it('talk through the global WebSocket, and resume after a break', () => run({}));
	it('talk through the WebSocket of `ws`, and resume after a break', () => run({ WebSocket }));
	it('talk on the connection of a channel, and resume after a break', () =>
		run({}, perChannel.createClient));
});
