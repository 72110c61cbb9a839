import { closeFrame } from './close.ts';
import type { EventListenerLike, ListenerOptions, Listeners } from './listeners.ts';
import { toPayload } from './payload.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from './ready-state.ts';
import type { CloseFrame, Transport } from './transport.ts';
import type { AstroWebSocket, AstroWebSocketHandler } from './types.ts';

/** The constant properties of a socket. */
export interface SocketProperties {
	readonly url: string;
	readonly protocol: string;
}

/** The state behind a socket. */
export interface SocketState {
	readonly readyState: ReadyState;
	/** Set once the handshake is complete. */
	readonly transport: Transport | undefined;
	readonly listeners: Listeners;
	binaryType: 'blob' | 'arraybuffer';
	readonly readable: ReadableStream<string | Uint8Array>;
	readonly writable: WritableStream<unknown>;
	/** Closes the socket, in any state. */
	close(frame?: CloseFrame): void;
}

/** {@link AstroWebSocket} for every runtime: the WebIDL interface in front of a socket's state. */
export class ServerWebSocket implements AstroWebSocket, SocketProperties {
	declare static readonly CONNECTING: 0;
	declare static readonly OPEN: 1;
	declare static readonly CLOSING: 2;
	declare static readonly CLOSED: 3;
	declare readonly CONNECTING: 0;
	declare readonly OPEN: 1;
	declare readonly CLOSING: 2;
	declare readonly CLOSED: 3;
	declare onopen: AstroWebSocketHandler<'open'> | null;
	declare onmessage: AstroWebSocketHandler<'message'> | null;
	declare onerror: AstroWebSocketHandler<'error'> | null;
	declare onclose: AstroWebSocketHandler<'close'> | null;

	static {
		for (const type of ['open', 'message', 'error', 'close']) {
			// The esbuild of wrangler 3 turns the class name into a variable that is not set here
			// yet.
			// biome-ignore lint/complexity/noThisInStatic: for that reason
			Object.defineProperty(this.prototype, `on${type}`, {
				configurable: true,
				enumerable: true,
				get(this: ServerWebSocket) {
					return this.#state.listeners.attribute(type);
				},
				set(this: ServerWebSocket, value: unknown) {
					this.#state.listeners.setAttribute(type, value);
				},
			});
		}
	}

	readonly url: string;
	readonly protocol: string;
	readonly #state: SocketState;

	constructor(state: SocketState, { url, protocol }: SocketProperties) {
		this.#state = state;
		this.url = url;
		this.protocol = protocol;
	}

	get [Symbol.toStringTag](): string {
		return 'WebSocket';
	}

	get readyState(): ReadyState {
		return this.#state.readyState;
	}

	get extensions(): string {
		return this.#state.transport?.extensions ?? '';
	}

	get bufferedAmount(): number {
		return this.#state.transport?.bufferedAmount ?? 0;
	}

	get binaryType(): 'blob' | 'arraybuffer' {
		return this.#state.binaryType;
	}

	/** WebIDL: assigning an invalid value to an enumeration does nothing. */
	set binaryType(type: 'blob' | 'arraybuffer') {
		if (type === 'blob' || type === 'arraybuffer') this.#state.binaryType = type;
	}

	addEventListener(
		type: string,
		callback: EventListenerLike | null,
		options?: ListenerOptions,
	): void {
		this.#state.listeners.add(String(type), callback, options);
	}

	removeEventListener(
		type: string,
		callback: EventListenerLike | null,
		options?: Parameters<EventTarget['removeEventListener']>[2],
	): void {
		this.#state.listeners.remove(String(type), callback, options);
	}

	dispatchEvent(event: Event): boolean {
		if (!(event instanceof Event)) {
			throw new TypeError('dispatchEvent() takes an Event.');
		}
		this.#state.listeners.dispatch(event);
		return !event.defaultPrevented;
	}

	get readable(): ReadableStream<string | Uint8Array> {
		return this.#state.readable;
	}

	get writable(): WritableStream<string | ArrayBufferLike | ArrayBufferView | Blob> {
		return this.#state.writable;
	}

	send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
		if (this.readyState === CONNECTING) {
			throw new DOMException('The WebSocket is still connecting.', 'InvalidStateError');
		}
		this.#state.transport?.send(toPayload(data));
	}

	close(code?: number, reason?: string): void {
		this.#state.close(closeFrame(code, reason));
	}
}

// WebIDL defines constants on the class and on the prototype. There they take no memory per socket.
const constants = Object.getOwnPropertyDescriptors(
	Object.freeze({ CONNECTING, OPEN, CLOSING, CLOSED }),
);
Object.defineProperties(ServerWebSocket, constants);
Object.defineProperties(ServerWebSocket.prototype, constants);

// `instanceof EventTarget` holds, and Node's own checks for an `EventTarget` pass.
Object.setPrototypeOf(ServerWebSocket, EventTarget);
Object.setPrototypeOf(ServerWebSocket.prototype, EventTarget.prototype);
