import type { Clock } from '../client/base/clock.ts';
import type { WebSocketLike } from '../client/web-socket.ts';
import type { MuxSocket } from '../server/credited-link.ts';
import { HEARTBEAT_INTERVAL } from '../server/limits.ts';
import type { Journal } from './journal.ts';

// Tests may replace it.
const { queueMicrotask: soon } = globalThis;

/** What serves a connection. */
export interface Receiver {
	message(message: string | ArrayBuffer): void;
	closed(code: number): void;
}

/** The network between a client and the server. */
export interface Line {
	/** Whether nothing comes through, and nobody is told. */
	readonly isCut: boolean;
}

/** A handshake, as a server gets it. */
export interface Opening {
	/** Takes what is sent to the client. */
	readonly socket: MuxSocket;
	readonly url: URL;
	readonly protocols: readonly string[];
}

/** Accepts a connection. Rejects if the server refuses its handshake. */
export type Accept = (opening: Opening) => Promise<Receiver>;

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 3;

const NO_CODE = 1005;
const LOST = 1006;

type Content = string | Uint8Array<ArrayBuffer>;

/** Both ends of a WebSocket, without a network: messages arrive in order, each in a turn of its own. */
export class Link implements WebSocketLike {
	readonly url: string;
	binaryType = 'blob';
	onopen: ((event: never) => void) | null = null;
	onmessage: ((event: never) => void) | null = null;
	onclose: ((event: never) => void) | null = null;
	onerror: ((event: never) => void) | null = null;
	readonly #line: Line;
	readonly #clock: Clock;
	readonly #journal: Journal;
	#state = CONNECTING;
	#serverState = CONNECTING;
	#receiver: Receiver | undefined;
	/** Whether the handshake has reached a server. */
	#isAsked = false;
	/** What a cut line holds back, in both directions. */
	#held: (() => void)[] = [];
	#cancelHeartbeat = (): void => {};
	/** The server's end. */
	readonly server: MuxSocket;

	constructor(options: {
		readonly url: string;
		readonly line: Line;
		readonly clock: Clock;
		readonly journal: Journal;
	}) {
		this.url = options.url;
		this.#line = options.line;
		this.#clock = options.clock;
		this.#journal = options.journal;
		const link = this;
		this.server = {
			get readyState() {
				return link.#serverState;
			},
			send(content) {
				link.#fromServer(copy(content as Content));
			},
			close(code, reason) {
				link.#serverCloses(code, reason);
			},
		} as MuxSocket;
	}

	get readyState(): number {
		return this.#state;
	}

	/** Whether neither end is there any more. */
	get isOver(): boolean {
		return this.#state === CLOSED && this.#serverState === CLOSED;
	}

	/** Makes the handshake. */
	open(accept: Accept, protocols: readonly string[]): void {
		this.#carry(async () => {
			this.#isAsked = true;
			try {
				const receiver = await accept({ socket: this.server, url: new URL(this.url), protocols });
				if (this.#serverState !== CONNECTING) return;
				this.#receiver = receiver;
				if (this.#state !== CONNECTING) {
					this.#serverState = CLOSED;
					receiver.closed(LOST);
					return;
				}
				this.#serverState = OPEN;
				this.#carry(() => {
					if (this.#state !== CONNECTING) return;
					this.#state = OPEN;
					this.onopen?.({} as never);
				});
			} catch (error) {
				this.#journal.add(`refused: ${error instanceof Error ? error.message : error}`);
				this.#serverState = CLOSED;
				// A browser tells no more of a refused handshake.
				this.#clientLost();
			}
		});
	}

	send(content: Content): void {
		if (this.#state !== OPEN) return;
		const sent = copy(content);
		this.#journal.sent(sent);
		this.#carry(() => {
			if (this.#serverState !== OPEN) return;
			this.#receiver?.message(typeof sent === 'string' ? sent : sent.buffer);
		});
	}

	/** The client closes. Its `close` event follows when the server has answered. */
	close(code?: number): void {
		if (this.#state === CLOSED) return;
		this.#journal.add('closed by the client');
		const wasOpen = this.#state === OPEN;
		this.#state = CLOSED;
		this.#carry(() => {
			if (wasOpen) this.#serverLost(code ?? NO_CODE);
			this.onclose?.({ code: code ?? NO_CODE, reason: '' } as never);
		});
	}

	/** The connection breaks, and both ends see it. */
	drop(): void {
		if (this.#state === CLOSED && this.#serverState === CLOSED) return;
		this.#journal.add('dropped');
		this.#held = [];
		this.#serverLost(LOST);
		this.#clientLost();
	}

	/** The server's process dies: nothing runs there any more that could notice. */
	abandon(): void {
		// A handshake that is still on its way reaches the next process.
		if (!this.#isAsked) return;
		this.#serverState = CLOSED;
		this.#receiver = undefined;
		this.#cancelHeartbeat();
		if (!this.#line.isCut) this.#clientLost();
	}

	/** The line was cut. The server notices in the second heartbeat without an answer. */
	cut(): void {
		this.#cancelHeartbeat = this.#clock.after(2 * HEARTBEAT_INTERVAL, () => this.#serverLost(LOST));
	}

	/** The line is back, and with it what it held. An end that gave up tells the other one. */
	restore(): void {
		this.#cancelHeartbeat();
		const held = this.#held;
		this.#held = [];
		for (const arrive of held) soon(arrive);
		soon(() => {
			if (this.#serverState === CLOSED) this.#clientLost();
			if (this.#state === CLOSED) this.#serverLost(LOST);
		});
	}

	#carry(arrive: () => void): void {
		if (this.#line.isCut) this.#held.push(arrive);
		else soon(arrive);
	}

	#fromServer(content: Content): void {
		if (this.#serverState !== OPEN) return;
		this.#carry(() => {
			if (this.#state !== OPEN) return;
			this.#journal.received(content);
			const data = typeof content === 'string' ? content : content.buffer;
			this.onmessage?.({ data } as never);
		});
	}

	#serverCloses(code: number, reason: string): void {
		if (this.#serverState === CLOSED) return;
		this.#serverState = CLOSED;
		this.#cancelHeartbeat();
		this.#carry(() => {
			if (this.#state === CLOSED) return;
			this.#state = CLOSED;
			this.#journal.add(`closed by the server with ${code} ${reason}`.trimEnd());
			this.onclose?.({ code, reason } as never);
		});
	}

	#serverLost(code: number): void {
		this.#cancelHeartbeat();
		if (this.#serverState !== OPEN) return;
		this.#serverState = CLOSED;
		this.#receiver?.closed(code);
	}

	#clientLost(): void {
		if (this.#state === CLOSED) return;
		this.#state = CLOSED;
		this.onerror?.({} as never);
		this.onclose?.({ code: LOST, reason: '' } as never);
	}
}

/** Bytes are read later than they are sent. */
function copy(content: Content): Content {
	return typeof content === 'string' ? content : content.slice();
}
