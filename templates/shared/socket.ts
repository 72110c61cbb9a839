import { type CloseFrame, closeFrame } from './close.ts';
import { type CloseDetails, closeEvent, errorEvent, messageEvent, openEvent } from './events.ts';
import { type AsyncScope, type EventListenerLike, guard } from './guard.ts';
import { Inbox } from './inbox.ts';
import { toMessageData, toPayload, toStreamMessage } from './payload.ts';
import { Streams } from './streams.ts';
import type { Receiver, Transport } from './transport.ts';
import type { AstroWebSocket, AstroWebSocketListener } from './types.ts';

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** RFC 6455 section 7.4.1: the server met a condition that kept it from going on. */
const INTERNAL_ERROR = 1011;

/** RFC 6455 section 7.4.1: the connection was lost without a close frame. Never sent. */
const ABNORMAL_CLOSURE = 1006;

/** Messages that wait for a handler, beside the limit in bytes. Tiny ones cost more than their bytes. */
const MAX_HELD_MESSAGES = 1024;

export interface SocketInit {
	readonly url: string;
	readonly protocol: string;
	readonly tags: readonly string[];
	readonly data: unknown;
	/** Bytes of messages that wait for the first message handler. */
	readonly maxHeldBytes: number;
	/** Bytes that may wait to go out. */
	readonly maxBufferedAmount: number;
	/** Gives the asynchronous context of the caller, for a handler to run in. */
	captureContext(): AsyncScope;
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

type EventType = 'open' | 'message' | 'error' | 'close';
type AddArguments = Parameters<EventTarget['addEventListener']>;
type RemoveArguments = Parameters<EventTarget['removeEventListener']>;

/** {@link AstroWebSocket} over a {@link Transport}, the same on every runtime. */
export class ServerWebSocket extends EventTarget implements AstroWebSocket {
	static readonly CONNECTING = 0;
	static readonly OPEN = 1;
	static readonly CLOSING = 2;
	static readonly CLOSED = 3;
	readonly CONNECTING = 0;
	readonly OPEN = 1;
	readonly CLOSING = 2;
	readonly CLOSED = 3;

	readonly url: string;
	readonly protocol: string;
	/** `tags` of `upgradeWebSocket()`. */
	readonly tags: readonly string[];
	/** `data` of `upgradeWebSocket()`. */
	readonly data: unknown;
	readonly #origin: string;
	readonly #captureContext: SocketInit['captureContext'];
	readonly #report: SocketInit['report'];
	readonly #inbox: Inbox;
	readonly #maxBufferedAmount: number;
	#streams: Streams | undefined;
	/** The guard of each listener, so that it can be taken off by the listener. */
	readonly #guards: WeakMap<object, EventListener> = new WeakMap();
	/** The values of `onopen` and its like, once there is one. */
	#handlers: Map<EventType, Handler> | undefined;
	/** Whether there ever was a listener for messages, and for the end. */
	#hearsMessages = false;
	#hearsEnd = false;
	#binaryType: 'blob' | 'arraybuffer' = 'blob';
	/** The state while there is no transport. */
	#state: 0 | 2 | 3 = CONNECTING;
	/** What `close()` was called with before there was a transport. */
	#closeRequest: CloseFrame | undefined;
	#transport: Transport | undefined;
	/** Set once the connection has ended. */
	#wasClean: boolean | undefined;
	/** Bytes of the 101 that TLS has not sent yet: nobody handed them to `send()`. */
	#queuedBefore = 0;

	static create(init: SocketInit): SocketHandle {
		const socket = new ServerWebSocket(init);
		return {
			socket,
			open: (transport) => socket.#open(transport),
			fail: (error) => socket.#fail(error),
		};
	}

	private constructor(init: SocketInit) {
		super();
		this.url = init.url;
		this.protocol = init.protocol;
		this.tags = init.tags;
		this.data = init.data;
		this.#origin = new URL(init.url).origin;
		this.#captureContext = init.captureContext;
		this.#report = init.report;
		this.#maxBufferedAmount = init.maxBufferedAmount;
		const limits = { messages: MAX_HELD_MESSAGES, bytes: init.maxHeldBytes };
		this.#inbox = new Inbox(limits, () => {
			this.#report(
				`Dropped messages on ${init.url}: too many arrived before a "message" handler was attached`,
			);
		});
	}

	get [Symbol.toStringTag](): string {
		return 'WebSocket';
	}

	get readyState(): 0 | 1 | 2 | 3 {
		return this.#transport?.readyState ?? this.#state;
	}

	get extensions(): string {
		return this.#transport?.extensions ?? '';
	}

	get bufferedAmount(): number {
		const queued = this.#transport?.bufferedAmount ?? 0;
		this.#queuedBefore = Math.min(this.#queuedBefore, queued);
		return queued - this.#queuedBefore;
	}

	get binaryType(): 'blob' | 'arraybuffer' {
		return this.#binaryType;
	}

	/** WebIDL: assigning anything else to an enumeration does nothing. */
	set binaryType(type: 'blob' | 'arraybuffer') {
		if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type;
	}

	get onopen(): AstroWebSocketListener<'open'> | null {
		return this.#handler('open');
	}

	set onopen(listener: AstroWebSocketListener<'open'> | null) {
		this.#setHandler('open', listener);
	}

	get onmessage(): AstroWebSocketListener<'message'> | null {
		return this.#handler('message');
	}

	set onmessage(listener: AstroWebSocketListener<'message'> | null) {
		this.#setHandler('message', listener);
	}

	get onerror(): AstroWebSocketListener<'error'> | null {
		return this.#handler('error');
	}

	set onerror(listener: AstroWebSocketListener<'error'> | null) {
		this.#setHandler('error', listener);
	}

	get onclose(): AstroWebSocketListener<'close'> | null {
		return this.#handler('close');
	}

	set onclose(listener: AstroWebSocketListener<'close'> | null) {
		this.#setHandler('close', listener);
	}

	override addEventListener(...[type, listener, options]: AddArguments): void {
		if (listener === null) return;
		let guarded = this.#guards.get(listener);
		if (guarded === undefined) {
			guarded = this.#guard(listener);
			this.#guards.set(listener, guarded);
		}
		super.addEventListener(type, guarded, options);
		this.#nowListenedTo(type);
	}

	override removeEventListener(...[type, listener, options]: RemoveArguments): void {
		const guarded = listener === null ? undefined : this.#guards.get(listener);
		if (guarded !== undefined) super.removeEventListener(type, guarded, options);
	}

	get readable(): ReadableStream<string | Uint8Array> {
		const { readable } = this.#streamed();
		this.#inbox.release();
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
		this.#queuedBefore = transport.bufferedAmount;
		this.#streams?.open(transport);
		transport.receive(this.#receiver());
		if (this.#state === CONNECTING) this.dispatchEvent(openEvent());
		else transport.close(this.#closeRequest?.code, this.#closeRequest?.reason);
	}

	#fail(error: Error): void {
		if (this.#transport !== undefined || this.#state === CLOSED) return;
		this.#state = CLOSED;
		this.dispatchEvent(errorEvent(error));
		this.#ended({ code: ABNORMAL_CLOSURE, reason: '', wasClean: false });
	}

	#receiver(): Receiver {
		return {
			message: (data) => {
				// The WebSockets Standard: a message that arrives while closing is dropped.
				if (this.readyState !== OPEN) return;
				this.#inbox.message(data, () => this.#deliver(data));
			},
			failed: (error) => this.#last(() => this.dispatchEvent(errorEvent(error))),
			closed: (code, reason) => {
				const wasClean = code !== ABNORMAL_CLOSURE;
				this.#last(() => this.#ended({ code, reason, wasClean }));
			},
		};
	}

	#deliver(data: string | Uint8Array): void {
		if (this.#streams?.isReading) this.#streams.message(toStreamMessage(data));
		if (!this.#hearsMessages) return;
		this.dispatchEvent(messageEvent(toMessageData(data, this.#binaryType), this.#origin));
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
		if (this.#streams === undefined) {
			this.#streams = new Streams({
				maxBufferedAmount: this.#maxBufferedAmount,
				close: (code) => this.#close(code === undefined ? undefined : { code, reason: '' }),
			});
			if (this.#transport !== undefined) this.#streams.open(this.#transport);
			if (this.#wasClean !== undefined) this.#streams.end(this.#wasClean);
		}
		return this.#streams;
	}

	#ended(details: CloseDetails): void {
		this.dispatchEvent(closeEvent(details));
		this.#wasClean = details.wasClean;
		this.#streams?.end(details.wasClean);
	}

	/** An `error` or `close` must not wait for a message handler where someone listens for it. */
	#last(deliver: () => void): void {
		if (this.#inbox.isHolding && this.#hearsEnd) this.#inbox.discard();
		this.#inbox.after(deliver);
	}

	#nowListenedTo(type: string): void {
		if (type === 'close' || type === 'error') this.#hearsEnd = true;
		if (type !== 'message') return;
		this.#hearsMessages = true;
		this.#inbox.release();
	}

	#handlerFailed(error: unknown): void {
		this.#inbox.discard();
		try {
			this.#report(`A WebSocket handler failed on ${this.url}`, error);
		} finally {
			if (this.readyState === OPEN) this.#transport?.close(INTERNAL_ERROR);
		}
	}

	#guard(listener: EventListenerLike): EventListener {
		return guard(listener, this.#captureContext(), (error) => this.#handlerFailed(error));
	}

	#handler<Type extends EventType>(type: Type): AstroWebSocketListener<Type> | null {
		return (this.#handlers?.get(type)?.value ?? null) as AstroWebSocketListener<Type> | null;
	}

	/** Event handler attributes as HTML has them: replacing one keeps its place among the listeners. */
	#setHandler(type: EventType, value: unknown): void {
		const previous = this.#handlers?.get(type);
		if (typeof value !== 'function') {
			if (previous !== undefined) super.removeEventListener(type, previous.listener);
			this.#handlers?.delete(type);
			return;
		}
		const call = this.#guard(value as EventListener);
		if (previous !== undefined) {
			previous.value = value;
			previous.call = call;
			return;
		}
		const handler: Handler = { value, call, listener: (event) => handler.call.call(this, event) };
		this.#handlers ??= new Map();
		this.#handlers.set(type, handler);
		super.addEventListener(type, handler.listener);
		this.#nowListenedTo(type);
	}
}

interface Handler {
	value: unknown;
	call: EventListener;
	readonly listener: EventListener;
}

type EventListener = (event: Event) => void;
