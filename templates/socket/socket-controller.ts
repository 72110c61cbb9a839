import { ABNORMAL_CLOSURE, INTERNAL_ERROR } from './close-codes.ts';
import { Inbox } from './inbox.ts';
import { type HandlerRuntime, Listeners, type ListenersOwner } from './listeners.ts';
import { SocketMessageEvent } from './message-event.ts';
import { MessageSink } from './message-sink.ts';
import { MessageSource, type StreamMessage } from './message-source.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from './ready-state.ts';
import type { Report } from './report.ts';
import { ServerWebSocket, type SocketProperties, type SocketState } from './socket.ts';
import type { CloseFrame, Receiver, StreamedSocket, Transport } from './transport.ts';

export interface SocketInit extends SocketProperties {
	/** Bytes of messages that wait for the first message handler. */
	readonly maxHeldBytes: number;
	readonly runtime: HandlerRuntime;
	readonly report: Report;
}

/** Node has its own since 23. */
const { CloseEvent = Event } = globalThis;

/**
 * A socket's state, and what moves it on. It is apart from the socket, so that its users do not meet
 * any of that.
 */
export class SocketController implements SocketState, StreamedSocket, ListenersOwner, Receiver {
	readonly socket: ServerWebSocket;
	readonly listeners: Listeners;
	binaryType: 'blob' | 'arraybuffer' = 'blob';
	/** Set once the handshake is complete. */
	transport: Transport | undefined;
	/** Set once the connection has ended. */
	wasClean: boolean | undefined;
	readonly #maxHeldBytes: number;
	readonly #report: Report;
	/** Made for the first message that has to wait. */
	#inbox: Inbox | undefined;
	/** Whether messages have to wait no more. */
	#isReleased = false;
	/** Whether there ever was a listener for messages, and for the end. */
	#hearsMessages = false;
	#hearsEnd = false;
	/** Most sockets never have streams: they are made when they are asked for. */
	#source: MessageSource | undefined;
	#sink: MessageSink | undefined;
	/** The state while there is no transport. */
	#state: Exclude<ReadyState, typeof OPEN> = CONNECTING;
	/** What `close()` was called with before there was a transport. */
	#closeRequest: Partial<CloseFrame> | undefined;

	constructor(init: SocketInit) {
		this.#maxHeldBytes = init.maxHeldBytes;
		this.#report = init.report;
		this.listeners = new Listeners(this, init.runtime);
		this.socket = new ServerWebSocket(this, init);
	}

	get readyState(): ReadyState {
		return this.transport?.readyState ?? this.#state;
	}

	get readable(): ReadableStream<StreamMessage> {
		this.#source ??= new MessageSource(this);
		return this.#source.stream;
	}

	get writable(): WritableStream<unknown> {
		this.#sink ??= new MessageSink(this);
		return this.#sink.stream;
	}

	/** The handshake is complete. */
	open(transport: Transport): void {
		this.transport = transport;
		this.#sink?.flush();
		transport.receive(this);
		if (this.#state === CONNECTING) this.listeners.dispatch(new Event('open'));
		else this.close(this.#closeRequest);
	}

	/** It never will be: fires `error`, then `close` with 1006. */
	fail(error: Error): void {
		if (this.transport !== undefined || this.#state === CLOSED) return;
		this.#state = CLOSED;
		this.failed(error);
		this.closed(ABNORMAL_CLOSURE, '');
	}

	/** In whatever state it is. */
	close(frame?: Partial<CloseFrame>): void {
		if (this.transport !== undefined) this.transport.close(frame?.code, frame?.reason);
		else if (this.#state === CONNECTING) {
			this.#state = CLOSING;
			this.#closeRequest = frame;
		}
	}

	release(): void {
		this.#isReleased = true;
		this.#inbox?.release();
	}

	message(data: string | ArrayBuffer): void {
		// The WebSockets Standard: a message that arrives while closing is dropped.
		if (this.readyState !== OPEN) return;
		if (this.#source?.isRead) this.release();
		if (this.#inbox === undefined && this.#isReleased) {
			this.#deliver(data);
			return;
		}
		this.#inbox ??= new Inbox(this.#maxHeldBytes, () => {
			this.#report(`Dropped messages on ${this.socket.url}: too many waited for a handler`);
		});
		this.#inbox.message(data, () => this.#deliver(data));
	}

	failed(error: Error): void {
		const { message } = error;
		this.#last(() =>
			this.listeners.dispatch(Object.assign(new Event('error'), { error, message })),
		);
	}

	closed(code: number, reason: string): void {
		const wasClean = code !== ABNORMAL_CLOSURE;
		this.#last(() => {
			const details = { code, reason, wasClean };
			const event = new CloseEvent('close', details);
			this.listeners.dispatch('code' in event ? event : Object.assign(event, details));
			this.wasClean = wasClean;
			this.#source?.end(wasClean);
			this.#sink?.end(wasClean);
		});
	}

	onListener(type: string): void {
		if (type === 'close' || type === 'error') this.#hearsEnd = true;
		if (type !== 'message') return;
		this.#hearsMessages = true;
		this.release();
	}

	onFailure(error: unknown): unknown {
		this.#isReleased = true;
		this.#inbox?.discard();
		try {
			if (this.readyState === OPEN) this.transport?.close(INTERNAL_ERROR);
		} catch {
			// The handler runs where the connection cannot be used. Its own error has to be reported.
		}
		const { socket } = this;
		return this.#report(`A WebSocket handler failed on ${socket.url}`, error, { socket });
	}

	#deliver(data: string | ArrayBuffer): void {
		const isHeard = this.#hearsMessages;
		const isText = typeof data === 'string';
		if (this.#source?.isRead) {
			// Handlers may change their bytes.
			this.#source.push(isText ? data : new Uint8Array(isHeard ? data.slice() : data));
		}
		if (!isHeard) return;
		const isBlob = !isText && this.binaryType === 'blob';
		this.listeners.dispatch(new SocketMessageEvent(isBlob ? new Blob([data]) : data));
	}

	/** An `error` or `close` must not wait for a message handler where someone listens for it. */
	#last(deliver: () => void): void {
		if (this.#inbox === undefined) deliver();
		else this.#inbox.after(deliver, this.#hearsEnd);
	}
}
