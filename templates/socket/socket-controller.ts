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
	/** Bytes of messages that may wait for the first message handler. */
	readonly maxHeldBytes: number;
	readonly runtime: HandlerRuntime;
	readonly report: Report;
}

/** Node has a global `CloseEvent` since 23. */
const { CloseEvent = Event } = globalThis;

/**
 * The state of a socket and its transitions. It is a separate class so that users of the socket
 * cannot reach it.
 */
export class SocketController implements SocketState, StreamedSocket, ListenersOwner, Receiver {
	readonly socket: ServerWebSocket;
	readonly listeners: Listeners;
	binaryType: 'blob' | 'arraybuffer' = 'blob';
	/** Set once the handshake is complete. */
	transport: Transport | undefined;
	/** Set once the connection has ended. */
	wasClean: boolean | undefined;
	/** Whether the end was delivered, behind all messages. */
	isOver = false;
	readonly #maxHeldBytes: number;
	readonly #report: Report;
	/** Created for the first message that has to wait. */
	#inbox: Inbox | undefined;
	/** Whether messages no longer wait. */
	#isReleased = false;
	/** Whether a listener for messages, or for the end, was ever added. */
	#hasMessageListener = false;
	#hasEndListener = false;
	/** Most sockets never use streams, so they are created on first access. */
	#source: MessageSource | undefined;
	#sink: MessageSink | undefined;
	/** The state without a transport. */
	#state: Exclude<ReadyState, typeof OPEN> = CONNECTING;
	/** The arguments of a `close()` before the transport existed. */
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

	/** Completes the handshake. */
	open(transport: Transport): void {
		this.transport = transport;
		this.#sink?.flush();
		transport.receive(this);
		if (this.#state === CONNECTING) this.listeners.dispatch(new Event('open'));
		else this.close(this.#closeRequest);
	}

	/** The handshake failed: fires `error`, then `close` with 1006. */
	fail(error: Error): void {
		if (this.transport !== undefined || this.#state === CLOSED) return;
		this.#state = CLOSED;
		this.failed(error);
		this.closed(ABNORMAL_CLOSURE, '');
	}

	/** Closes the socket, in any state. */
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
		// The WebSockets Standard drops messages that arrive while closing.
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
		this.#deliverLast(() =>
			this.listeners.dispatch(Object.assign(new Event('error'), { error, message })),
		);
	}

	closed(code: number, reason: string): void {
		const wasClean = code !== ABNORMAL_CLOSURE;
		this.#deliverLast(() => {
			const details = { code, reason, wasClean };
			const event = new CloseEvent('close', details);
			this.listeners.dispatch('code' in event ? event : Object.assign(event, details));
			this.isOver = true;
			this.#source?.end(wasClean);
		});
		// Messages may wait for a handler that never comes. A writer waits for none.
		this.wasClean = wasClean;
		this.#sink?.end(wasClean);
	}

	onListener(type: string): void {
		if (type === 'close' || type === 'error') this.#hasEndListener = true;
		if (type !== 'message') return;
		this.#hasMessageListener = true;
		this.release();
	}

	onFailure(error: unknown): unknown {
		this.#isReleased = true;
		this.#inbox?.discard();
		try {
			if (this.readyState === OPEN) this.transport?.close(INTERNAL_ERROR);
		} catch {
			// The handler ran where the connection cannot be used. Its own error must still be
			// reported.
		}
		const { socket } = this;
		return this.#report(`A WebSocket handler failed on ${socket.url}`, error, { socket });
	}

	#deliver(data: string | ArrayBuffer): void {
		const hasListener = this.#hasMessageListener;
		const isText = typeof data === 'string';
		if (this.#source?.isRead) {
			// Handlers may modify their bytes.
			this.#source.push(isText ? data : new Uint8Array(hasListener ? data.slice() : data));
		}
		if (!hasListener) return;
		const isBlob = !isText && this.binaryType === 'blob';
		this.listeners.dispatch(new SocketMessageEvent(isBlob ? new Blob([data]) : data));
	}

	/** A listener for `error` or `close` must not wait for a message handler. */
	#deliverLast(deliver: () => void): void {
		if (this.#inbox === undefined) deliver();
		else this.#inbox.after(deliver, this.#hasEndListener);
	}
}
