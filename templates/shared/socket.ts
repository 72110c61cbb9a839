import { closeFrame } from './close.ts';
import type { EventListenerLike, ListenerOptions } from './listeners.ts';
import { toPayload } from './payload.ts';
import { CLOSED, CLOSING, CONNECTING, OPEN, type ReadyState } from './ready-state.ts';
import type { SocketController, SocketInit } from './socket-controller.ts';
import type { AstroWebSocket, AstroWebSocketListener } from './types.ts';

/** {@link AstroWebSocket}, the same on every runtime: what WebIDL makes of one, over its controller. */
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
					return this.#controller.listeners.attribute(type);
				},
				set(this: ServerWebSocket, value: unknown) {
					this.#controller.listeners.setAttribute(type, value);
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
	readonly #controller: SocketController;

	constructor(controller: SocketController, { url, protocol, tags, data }: SocketInit) {
		this.#controller = controller;
		this.url = url;
		this.protocol = protocol;
		this.tags = tags;
		this.data = data;
	}

	get [Symbol.toStringTag](): string {
		return 'WebSocket';
	}

	get readyState(): ReadyState {
		return this.#controller.readyState;
	}

	get extensions(): string {
		return this.#controller.transport?.extensions ?? '';
	}

	get bufferedAmount(): number {
		return this.#controller.transport?.bufferedAmount ?? 0;
	}

	get binaryType(): 'blob' | 'arraybuffer' {
		return this.#controller.binaryType;
	}

	/** WebIDL: assigning anything else to an enumeration does nothing. */
	set binaryType(type: 'blob' | 'arraybuffer') {
		if (type === 'blob' || type === 'arraybuffer') this.#controller.binaryType = type;
	}

	addEventListener(
		type: string,
		callback: EventListenerLike | null,
		options?: ListenerOptions,
	): void {
		this.#controller.listeners.add(String(type), callback, options);
	}

	removeEventListener(
		type: string,
		callback: EventListenerLike | null,
		options?: Parameters<EventTarget['removeEventListener']>[2],
	): void {
		this.#controller.listeners.remove(String(type), callback, options);
	}

	dispatchEvent(event: Event): boolean {
		if (!(event instanceof Event)) {
			throw new TypeError('The argument of `dispatchEvent()` must be an Event.');
		}
		this.#controller.listeners.dispatch(event);
		return !event.defaultPrevented;
	}

	get readable(): ReadableStream<string | Uint8Array> {
		return this.#controller.readable;
	}

	get writable(): WritableStream<string | ArrayBufferLike | ArrayBufferView | Blob> {
		return this.#controller.writable;
	}

	send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void {
		if (this.readyState === CONNECTING) {
			throw new DOMException('The WebSocket is still connecting.', 'InvalidStateError');
		}
		this.#controller.transport?.send(toPayload(data));
	}

	close(code?: number, reason?: string): void {
		this.#controller.close(closeFrame(code, reason));
	}
}

// WebIDL has constants on the class and on the prototype, where they take no memory of a socket.
const constants = Object.getOwnPropertyDescriptors(
	Object.freeze({ CONNECTING, OPEN, CLOSING, CLOSED }),
);
Object.defineProperties(ServerWebSocket, constants);
Object.defineProperties(ServerWebSocket.prototype, constants);

// It is an `EventTarget` by `instanceof`, and where Node checks for one.
Object.setPrototypeOf(ServerWebSocket, EventTarget);
Object.setPrototypeOf(ServerWebSocket.prototype, EventTarget.prototype);
