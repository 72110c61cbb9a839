import assert from 'node:assert/strict';
import { type ClientFrame, readClientFrame } from '../protocol/client-frames.ts';
import { PING, PONG } from '../protocol/constants.ts';
import type { Frame } from '../protocol/server-frames.ts';
import * as write from '../protocol/server-frames.ts';
import type { Clock } from './base/clock.ts';
import { type Client, type ClientOptions, createClient } from './client.ts';
import type { Page } from './connection.ts';
import type { WebSocketLike } from './web-socket.ts';

/** A clock that a test moves. */
export class ManualClock implements Clock {
	readonly #timers: Map<number, { readonly at: number; readonly callback: () => void }> = new Map();
	#now = 1_790_000_000_000;
	#count = 0;

	now(): number {
		return this.#now;
	}

	after(milliseconds: number, callback: () => void): () => void {
		const id = ++this.#count;
		this.#timers.set(id, { at: this.#now + milliseconds, callback });
		return () => this.#timers.delete(id);
	}

	/** Calls the timers of this time in their order, and lets what awaits go on after each. */
	async advance(milliseconds: number): Promise<void> {
		const end = this.#now + milliseconds;
		for (;;) {
			const due = [...this.#timers]
				.filter(([, { at }]) => at <= end)
				.sort(([, a], [, b]) => a.at - b.at)[0];
			if (due === undefined) break;
			const [id, { at, callback }] = due;
			this.#timers.delete(id);
			this.#now = Math.max(this.#now, at);
			callback();
			await settled();
		}
		this.#now = end;
		await settled();
	}

	get pending(): number {
		return this.#timers.size;
	}
}

/** Lets everything that awaits go on. */
export async function settled(): Promise<void> {
	for (let turn = 0; turn < 20; turn++) await undefined;
}

/** The server's end of a connection, and the client's socket. */
export class FakeSocket implements WebSocketLike {
	binaryType = 'blob';
	readyState = 0;
	onopen: ((event: never) => void) | null = null;
	onmessage: ((event: never) => void) | null = null;
	onclose: ((event: never) => void) | null = null;
	onerror: ((event: never) => void) | null = null;
	readonly url: string;
	readonly arguments: readonly unknown[];
	/** What the client sent, without pings. */
	readonly frames: ClientFrame[] = [];
	pings = 0;
	/** The code of the client's close. */
	closedWith: number | undefined;
	/** Called for each frame of the client. */
	onFrame: (frame: ClientFrame) => void = () => {};

	constructor(...args: readonly unknown[]) {
		this.url = String(args[0]);
		this.arguments = args;
	}

	send(data: string | Uint8Array<ArrayBuffer>): void {
		assert.equal(this.readyState, 1, 'The client sends to a socket that is not open.');
		if (data === PING) {
			this.pings++;
			return;
		}
		const frame = readClientFrame(data);
		this.frames.push(frame);
		this.onFrame(frame);
	}

	close(code?: number): void {
		if (this.readyState < 2) this.closedWith = code;
		this.readyState = 2;
	}

	/** Accepts the handshake. */
	accept(): this {
		this.readyState = 1;
		this.onopen?.({} as never);
		return this;
	}

	deliver(...frames: readonly (Frame | string)[]): this {
		for (const frame of frames) {
			const content = typeof frame === 'string' ? frame : frame.content;
			const data = typeof content === 'string' ? content : content.slice().buffer;
			this.onmessage?.({ data } as never);
		}
		return this;
	}

	pong(): this {
		return this.deliver(PONG);
	}

	/** Ends the connection from the server. */
	end(code = 1006, reason = ''): void {
		this.readyState = 3;
		this.onclose?.({ code, reason } as never);
	}

	/** Accepts, and answers `hello`. */
	welcome({
		session = SESSION,
		isResumed = false,
		version = 'v1',
	}: {
		readonly session?: string;
		readonly isResumed?: boolean;
		readonly version?: string;
	} = {}): this {
		return this.accept().deliver(write.welcomeFrame({ session, isResumed, version }));
	}

	/** Answers the client's newest join. */
	join(channel: number, details: Partial<write.JoinedDetails> = {}): this {
		return this.deliver(joined(this.last('join').ref, channel, details));
	}

	/** The frames of a type that the client sent. */
	all<Type extends ClientFrame['type']>(type: Type): Extract<ClientFrame, { type: Type }>[] {
		return this.frames.filter((frame) => frame.type === type) as never;
	}

	last<Type extends ClientFrame['type']>(type: Type): Extract<ClientFrame, { type: Type }> {
		return this.all(type).at(-1) ?? assert.fail(`The client sent no \`${type}\`.`);
	}
}

export const SESSION: string = 'A'.repeat(22);

export function joined(
	ref: number,
	channel: number,
	details: Partial<write.JoinedDetails> = {},
): Frame {
	return write.joinedFrame(ref, channel, {
		position: 'e.0.',
		keeps: true,
		ephemeral: [],
		idempotent: [],
		...details,
	});
}

/** The kept message number `number` of a channel, whose data is its number. */
export function event(channel: number, number: number, name = 'said'): Frame {
	return write.eventFrame(channel, {
		position: position(number),
		previous: position(number - 1),
		at: number,
		from: undefined,
		id: undefined,
		name,
		data: String(number),
	});
}

export function position(number: number): string {
	return `e.${number}.`;
}

/** A window. */
export class FakePage extends EventTarget implements Page {
	readonly document: { hidden: boolean } = { hidden: false };

	fire(type: string): void {
		this.dispatchEvent(new Event(type));
	}

	show(isVisible: boolean): void {
		this.document.hidden = !isVisible;
		// It is fired at the document, and bubbles.
		this.fire('visibilitychange');
	}
}

export interface Harness {
	readonly client: Client;
	readonly clock: ManualClock;
	readonly page: FakePage;
	/** All sockets that the client made. */
	readonly sockets: readonly FakeSocket[];
	/** The newest socket. */
	socket(): FakeSocket;
	/** Accepts the sockets that wait, and returns what joined since the beginning. */
	joins(): readonly Extract<ClientFrame, { type: 'join' }>[];
}

let create: typeof createClient = createClient;

/** Whether a client has a connection for each channel. */
export let isPerChannel = false;

/** Gives the tests that are imported later clients with a connection for each channel. */
export function usePerChannel(createClient: typeof create): void {
	create = createClient;
	isPerChannel = true;
}

/** A client with a clock and sockets of the test. The random number is 0.5. */
export function harness(options: Partial<ClientOptions> = {}): Harness {
	const clock = new ManualClock();
	const page = new FakePage();
	const sockets: FakeSocket[] = [];
	class Socket extends FakeSocket {
		constructor(...args: readonly unknown[]) {
			super(...args);
			sockets.push(this);
		}
	}
	const client = create({
		url: 'https://example.com/_realtime',
		WebSocket: Socket,
		clock,
		random: () => 0.5,
		page,
		...options,
	});
	return {
		client,
		clock,
		page,
		sockets,
		socket: () => sockets.at(-1) ?? assert.fail('There is no socket.'),
		joins() {
			for (const socket of sockets) if (socket.readyState === 0) socket.welcome();
			return sockets.flatMap((socket) => socket.all('join'));
		},
	};
}
