/**
 * The types of a socket.
 *
 * The names are our own, because the consumer's program already holds `WebSocket` from the DOM,
 * from Workers' types or from `@types/ws`. Only globals that all of those share are used
 * (`EventTarget`, `Event`, `MessageEvent`, `Blob`, `Headers`, `Response`).
 */

/** What a message carries: text, or binary data as `binaryType` asks for. */
export type AstroWebSocketData = string | ArrayBuffer | Blob;

/** A `message` event; `data` follows the socket's `binaryType`. */
export interface AstroWebSocketMessageEvent extends Omit<MessageEvent, 'data'> {
	readonly data: AstroWebSocketData;
}

/** A `close` event. */
export interface AstroWebSocketCloseEvent extends Event {
	/** The status code of RFC 6455 section 7.4; 1005 if the peer gave none, 1006 if the connection was lost. */
	readonly code: number;
	/** The peer's reason, at most 123 bytes of UTF-8. */
	readonly reason: string;
	/** Whether both closing frames were exchanged. */
	readonly wasClean: boolean;
}

/**
 * An `error` event. A browser tells nothing about the cause, a server may; the members are optional
 * so that the socket fits where the DOM's `WebSocket` is asked for.
 */
export interface AstroWebSocketErrorEvent extends Event {
	readonly error?: Error;
	readonly message?: string;
}

/** The events of an {@link AstroWebSocket} by type. */
export interface AstroWebSocketEventMap {
	open: Event;
	message: AstroWebSocketMessageEvent;
	error: AstroWebSocketErrorEvent;
	close: AstroWebSocketCloseEvent;
}

/**
 * A listener for one type of event. It may be async: a rejection is reported and closes the socket
 * with 1011.
 *
 * Taken from a method, whose parameters TypeScript compares both ways, so that listeners written
 * for the DOM's `MessageEvent<string>` fit.
 */
export type AstroWebSocketListener<Type extends keyof AstroWebSocketEventMap> = {
	listener(this: AstroWebSocket, event: AstroWebSocketEventMap[Type]): unknown;
}['listener'];

/**
 * The value of `onmessage` and its like. It has no `this` of its own, so that the socket fits where
 * the DOM's `WebSocket` is asked for; in a function that is assigned, `this` is the socket.
 */
export type AstroWebSocketHandler<Type extends keyof AstroWebSocketEventMap> = {
	handler(event: AstroWebSocketEventMap[Type]): unknown;
}['handler'];

/**
 * The server's end of a connection, with the surface of the browser's `WebSocket`
 * (https://websockets.spec.whatwg.org/). It fits where the DOM's `WebSocket` is asked for. The type of
 * that name in Workers asks for more, which only the runtime's own sockets have: to hand the socket
 * to a library that uses the standard's part of it, write `socket as unknown as WebSocket`.
 */
export interface AstroWebSocket extends EventTarget {
	readonly CONNECTING: 0;
	readonly OPEN: 1;
	readonly CLOSING: 2;
	readonly CLOSED: 3;
	/** `CONNECTING` until the response of the upgrade has been sent. */
	readonly readyState: 0 | 1 | 2 | 3;
	/** The address the client asked for, `ws:` or `wss:`. */
	readonly url: string;
	/** The chosen subprotocol, or the empty string. */
	readonly protocol: string;
	/** The negotiated extensions, or the empty string. */
	readonly extensions: string;
	/** Bytes handed to `send()` that have not gone out yet. */
	readonly bufferedAmount: number;
	/** How binary messages are delivered. Default: `blob`. */
	binaryType: 'blob' | 'arraybuffer';
	onopen: AstroWebSocketHandler<'open'> | null;
	onmessage: AstroWebSocketHandler<'message'> | null;
	onerror: AstroWebSocketHandler<'error'> | null;
	onclose: AstroWebSocketHandler<'close'> | null;
	/**
	 * Sends a message. Messages go out in the order of the calls, Blobs included; bytes are taken
	 * over at the time of the call. Discarded once the socket is closing.
	 *
	 * @throws DOMException `InvalidStateError` while the socket is `CONNECTING`.
	 */
	send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void;
	/**
	 * The messages as they come in, from when it has a reader on: text as strings, binary ones as
	 * bytes. Where it is read slowly the client is slowed down, instead of its messages piling up
	 * here; events of type `message` are slowed down with it. It ends when the connection was closed,
	 * fails where it was lost, and cancelling it closes the connection.
	 */
	readonly readable: ReadableStream<string | Uint8Array>;
	/**
	 * Each chunk is sent as one message, and waits until the client has read enough of those before.
	 * Closing it closes the connection with 1000 once everything has been sent, aborting it closes
	 * the connection with 1011.
	 */
	readonly writable: WritableStream<string | ArrayBufferLike | ArrayBufferView | Blob>;
	/**
	 * Starts the closing handshake. On a socket that is still `CONNECTING` it takes place as soon
	 * as the upgrade has been answered.
	 *
	 * @param code 1000, or 3000 to 4999.
	 * @param reason At most 123 bytes of UTF-8.
	 * @throws DOMException `InvalidAccessError` for any other code, `SyntaxError` for a longer reason.
	 */
	close(code?: number, reason?: string): void;
	addEventListener<Type extends keyof AstroWebSocketEventMap>(
		type: Type,
		listener:
			| AstroWebSocketListener<Type>
			| { handleEvent(event: AstroWebSocketEventMap[Type]): unknown }
			| null,
		options?: Parameters<EventTarget['addEventListener']>[2],
	): void;
	addEventListener(...args: Parameters<EventTarget['addEventListener']>): void;
	removeEventListener<Type extends keyof AstroWebSocketEventMap>(
		type: Type,
		listener:
			| AstroWebSocketListener<Type>
			| { handleEvent(event: AstroWebSocketEventMap[Type]): unknown }
			| null,
		options?: Parameters<EventTarget['removeEventListener']>[2],
	): void;
	removeEventListener(...args: Parameters<EventTarget['removeEventListener']>): void;
}
