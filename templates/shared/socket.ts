import { type CloseFrame, closeFrame } from './close.ts';
import { ABNORMAL_CLOSURE, INTERNAL_ERROR } from './close-codes.ts';
import { type CloseDetails, closeEvent, errorEvent, messageEvent, openEvent } from './events.ts';
import { Inbox } from './inbox.ts';
import {
	type CaptureContext,
	type EventListenerLike,
	type ListenerOptions,
	Listeners,
} from './listeners.ts';
import { toMessageData, toPayload, toStreamMessage } from './payload.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from './ready-state.ts';
import { Streams } from './streams.ts';
import type { Receiver, Transport } from './transport.ts';
import type { AstroWebSocket, AstroWebSocketListener } from './types.ts';

/** Messages that wait for a handler, beside the limit in bytes. Tiny ones cost more than their bytes. */
const MAX_HELD_MESSAGES = 1024;

export interface SocketInit {
	readonly url: string;
	readonly protocol: string;
	readonly tags: readonly string[];
	readonly data: unknown;
	/** Bytes of messages that wait for the first message handler. */
	readonly maxHeldBytes: number;
	/** For a handler to run in the context in which it was added. */
	readonly captureContext: CaptureContext;
	report(message: string, error?: unknown): void;
}

/** A socket, and what moves it on from `CONNECTING`. */
export interface SocketHandle {
	readonly socket: ServerWebSocket;
	/** The handshake is complete. */
	open(transport: Transport): void;
	/** It never will be: fires `error`, then `close` with 1006. */
	fail(error: Error): void;
}

/** {@link AstroWebSocket} over a {@link Transport}, the same on every runtime. */
export class ServerWebSocket implements AstroWebSocket {
	declare static readonly CONNECTING: 0;
	declare static readonly OPEN: 1;
	declare static readonly CLOSING: 2;
	declare static readonly CLOSED: 3;
	declare readonly CONNECTING: 0;
	declare readonly OPEN: 1;
	declare readonly CLOSING: 2;
	declare readonly CLOSED: 3;
	declare onopen: AstroWebSocketListener<'open'> | null;
	declare onmessage: AstroWebSocketListener<'message'> | null;
	declare onerror: AstroWebSocketListener<'error'> | null;
	declare onclose: AstroWebSocketListener<'close'> | null;

	static {
		for (const type of ['open', 'message', 'error', 'close']) {
			Object.defineProperty(ServerWebSocket.prototype, `on${type}`, {
				configurable: true,
				enumerable: true,
				get(this: ServerWebSocket) {
					return this.#listeners.attribute(type);
				},
				set(this: ServerWebSocket, value: unknown) {
					if (this.#listeners.setAttribute(type, value, this.#captureContext)) {
						this.#nowListenedTo(type);
					}
				},
			});
		}
	}

	readonly url: string;
	readonly protocol: string;
	/** `tags` of `upgradeWebSocket()`. */
	readonly tags: readonly string[];
	/** `data` of `upgradeWebSocket()`. */
	readonly data: unknown;
	readonly #captureContext: SocketInit['captureContext'];
	readonly #report: SocketInit['report'];
	readonly #maxHeldBytes: number;
	readonly #listeners: Listeners = new Listeners();
	/** Made for the first message that has to wait. */
	#inbox: Inbox | undefined;
	#streams: Streams | undefined;
	/** Whether there ever was a listener for messages, and for the end. */
	#hearsMessages = false;
	#hearsEnd = false;
	/** Whether messages have to wait no more. */
	#isReleased = false;
	#binaryType: 'blob' | 'arraybuffer' = 'blob';
	/** The state while there is no transport. */
	#state: Exclude<ReadyState, typeof OPEN> = CONNECTING;
	/** What `close()` was called with before there was a transport. */
	#closeRequest: CloseFrame | undefined;
	#transport: Transport | undefined;
	/** Set once the connection has ended. */
	#wasClean: boolean | undefined;

	static create(init: SocketInit): SocketHandle {
		const socket = new ServerWebSocket(init);
		return {
			socket,
			open: (transport) => socket.#open(transport),
			fail: (error) => socket.#fail(error),
		};
	}

	private constructor(init: SocketInit) {
		this.url = init.url;
		this.protocol = init.protocol;
		this.tags = init.tags;
		this.data = init.data;
		this.#captureContext = init.captureContext;
		this.#report = init.report;
		this.#maxHeldBytes = init.maxHeldBytes;
	}

	get [Symbol.toStringTag](): string {
		return 'WebSocket';
	}

	get readyState(): ReadyState {
		return this.#transport?.readyState ?? this.#state;
	}

	get extensions(): string {
		return this.#transport?.extensions ?? '';
	}

	get bufferedAmount(): number {
		return this.#transport?.bufferedAmount ?? 0;
	}

	get binaryType(): 'blob' | 'arraybuffer' {
		return this.#binaryType;
	}

	/** WebIDL: assigning anything else to an enumeration does nothing. */
	set binaryType(type: 'blob' | 'arraybuffer') {
		if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type;
	}

	addEventListener(
		type: string,
		callback: EventListenerLike | null,
		options?: ListenerOptions,
	): void {
		const name = String(type);
		if (this.#listeners.add(name, callback, options, this.#captureContext)) {
			this.#nowListenedTo(name);
		}
	}

	removeEventListener(
		type: string,
		callback: EventListenerLike | null,
		options?: Parameters<EventTarget['removeEventListener']>[2],
	): void {
		this.#listeners.remove(String(type), callback, options);
	}

	dispatchEvent(event: Event): boolean {
		if (!(event instanceof Event)) {
			throw new TypeError('The argument of `dispatchEvent()` must be an Event.');
		}
		this.#fire(event);
		return !event.defaultPrevented;
	}

	get readable(): ReadableStream<string | Uint8Array> {
		const { readable } = this.#streamed();
		this.#release();
		return readable;
	}

	get writable(): WritableStream<string | ArrayBufferLike | ArrayBufferView | Blob> {
		return this.#streamed().writable;
	}

	send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
		if (this.readyState === CONNECTING) {
			throw new DOMException('The WebSocket is still connecting.', 'InvalidStateError');
		}
		this.#transport?.send(toPayload(data));
	}

	close(code?: number, reason?: string): void {
		this.#close(closeFrame(code, reason));
	}

	#open(transport: Transport): void {
		this.#transport = transport;
		this.#streams?.open(transport);
		transport.receive(new ServerWebSocket.#Receiver(this));
		if (this.#state === CONNECTING) this.#fire(openEvent());
		else this.#close(this.#closeRequest);
	}

	#fail(error: Error): void {
		if (this.#transport !== undefined || this.#state === CLOSED) return;
		this.#state = CLOSED;
		this.#fire(errorEvent(error));
		this.#ended({ code: ABNORMAL_CLOSURE, reason: '', wasClean: false });
	}

	/** What hears of the transport, so that the socket shows no such methods to its users. */
	static readonly #Receiver = class implements Receiver {
		readonly #socket: ServerWebSocket;

		constructor(socket: ServerWebSocket) {
			this.#socket = socket;
		}

		message(data: string | ArrayBuffer): void {
			this.#socket.#message(data);
		}

		failed(error: Error): void {
			this.#socket.#last(() => this.#socket.#fire(errorEvent(error)));
		}

		closed(code: number, reason: string): void {
			const wasClean = code !== ABNORMAL_CLOSURE;
			this.#socket.#last(() => this.#socket.#ended({ code, reason, wasClean }));
		}
	};

	#message(data: string | ArrayBuffer): void {
		// The WebSockets Standard: a message that arrives while closing is dropped.
		if (this.readyState !== OPEN) return;
		if (this.#inbox === undefined && this.#isReleased) {
			this.#deliver(data);
			return;
		}
		this.#inbox ??= this.#createInbox();
		this.#inbox.message(data, () => this.#deliver(data));
	}

	#createInbox(): Inbox {
		const limits = { messages: MAX_HELD_MESSAGES, bytes: this.#maxHeldBytes };
		return new Inbox(limits, () => {
			this.#report(
				`Dropped messages on ${this.url}: too many arrived before a "message" handler was attached`,
			);
		});
	}

	#deliver(data: string | ArrayBuffer): void {
		if (this.#streams?.isReading) {
			// Handlers may change theirs.
			const own = this.#hearsMessages && typeof data !== 'string' ? data.slice() : data;
			this.#streams.message(toStreamMessage(own));
		}
		if (!this.#hearsMessages) return;
		this.#fire(messageEvent(toMessageData(data, this.#binaryType)));
	}

	#close(frame: CloseFrame | undefined): void {
		if (this.#transport !== undefined) {
			this.#transport.close(frame?.code, frame?.reason);
		} else if (this.#state === CONNECTING) {
			this.#state = CLOSING;
			this.#closeRequest = frame;
		}
	}

	/** Most sockets never have any: they are made when they are asked for. */
	#streamed(): Streams {
		this.#streams ??= new Streams({
			transport: this.#transport,
			wasClean: this.#wasClean,
			close: (code) => this.#close(code === undefined ? undefined : { code, reason: '' }),
		});
		return this.#streams;
	}

	#ended(details: CloseDetails): void {
		this.#fire(closeEvent(details));
		this.#wasClean = details.wasClean;
		this.#streams?.end(details.wasClean);
	}

	#fire(event: Event): void {
		this.#listeners.dispatch(this, event, ServerWebSocket.#handlerFailed);
	}

	/** An `error` or `close` must not wait for a message handler where someone listens for it. */
	#last(deliver: () => void): void {
		if (this.#inbox === undefined) {
			deliver();
			return;
		}
		if (this.#inbox.isHolding && this.#hearsEnd) this.#inbox.discard();
		this.#inbox.after(deliver);
	}

	#nowListenedTo(type: string): void {
		if (type === 'close' || type === 'error') this.#hearsEnd = true;
		if (type !== 'message') return;
		this.#hearsMessages = true;
		this.#release();
	}

	#release(): void {
		this.#isReleased = true;
		this.#inbox?.release();
	}

	static #handlerFailed(socket: ServerWebSocket, error: unknown): void {
		socket.#isReleased = true;
		socket.#inbox?.discard();
		try {
			socket.#report(`A WebSocket handler failed on ${socket.url}`, error);
		} finally {
			if (socket.readyState === OPEN) socket.#transport?.close(INTERNAL_ERROR);
		}
	}
}

// WebIDL has constants on the class and on the prototype, where they take no memory of a socket.
for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSING, CLOSED })) {
	for (const owner of [ServerWebSocket, ServerWebSocket.prototype]) {
		Object.defineProperty(owner, name, { value, enumerable: true });
	}
}

// It is an `EventTarget` by `instanceof`, and where Node checks for one.
Object.setPrototypeOf(ServerWebSocket, EventTarget);
Object.setPrototypeOf(ServerWebSocket.prototype, EventTarget.prototype);
