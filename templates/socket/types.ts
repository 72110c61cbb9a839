/**
 * The types of a socket.
 *
 * The names carry a prefix because your program already has a `WebSocket` type from the DOM, from
 * Workers' types or from `@types/ws`. The types use only the globals shared by all of these
 * (`EventTarget`, `Event`, `MessageEvent`, `Blob`, `Headers`, `Response`).
 */

/** The data of a message: text, or binary data in the form set by `binaryType`. */
export type AstroWebSocketData = string | ArrayBuffer | Blob;

/** A `message` event. The type of `data` follows the socket's `binaryType`. */
export interface AstroWebSocketMessageEvent extends Omit<MessageEvent, 'data'> {
	readonly data: AstroWebSocketData;
}

/** A `close` event. */
export interface AstroWebSocketCloseEvent extends Event {
	/**
	 * The status code (RFC 6455 section 7.4). 1005 if the peer sent none, 1006 if the connection
	 * was lost.
	 */
	readonly code: number;
	/** The peer's reason, at most 123 bytes of UTF-8. */
	readonly reason: string;
	/** Whether both close frames were exchanged. */
	readonly wasClean: boolean;
}

/**
 * An `error` event. Browsers hide the cause; a server may give it. The members are optional so that
 * the socket is assignable to the DOM's `WebSocket`.
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
 * The type is taken from a method because TypeScript compares parameters of methods bivariantly. A
 * listener written for the DOM's `MessageEvent<string>` is therefore assignable.
 */
export type AstroWebSocketListener<Type extends keyof AstroWebSocketEventMap> = {
	listener(this: AstroWebSocket, event: AstroWebSocketEventMap[Type]): unknown;
}['listener'];

/**
 * The value of `onmessage` and the other handler attributes. It declares no `this`, so that the
 * socket is assignable to the DOM's `WebSocket`. In an assigned function, `this` is the socket.
 */
export type AstroWebSocketHandler<Type extends keyof AstroWebSocketEventMap> = {
	handler(event: AstroWebSocketEventMap[Type]): unknown;
}['handler'];

/**
 * The server's end of a connection, with the API of the browser's `WebSocket`
 * (https://websockets.spec.whatwg.org/). It is assignable to the DOM's `WebSocket`. Workers' type
 * of the same name requires members of the runtime's own sockets. To pass the socket to a library
 * that uses only the standard API, write `socket as unknown as WebSocket`.
 */
export interface AstroWebSocket extends EventTarget {
	readonly CONNECTING: 0;
	readonly OPEN: 1;
	readonly CLOSING: 2;
	readonly CLOSED: 3;
	/** `CONNECTING` until the response to the upgrade has been sent. */
	readonly readyState: 0 | 1 | 2 | 3;
	/** The URL requested by the client, with the scheme `ws:` or `wss:`. */
	readonly url: string;
	/** The selected subprotocol, or the empty string. */
	readonly protocol: string;
	/** The negotiated extensions, or the empty string. */
	readonly extensions: string;
	/** Bytes passed to `send()` that have not been sent yet. */
	readonly bufferedAmount: number;
	/** The type of binary messages. Default: `blob`. */
	binaryType: 'blob' | 'arraybuffer';
	onopen: AstroWebSocketHandler<'open'> | null;
	onmessage: AstroWebSocketHandler<'message'> | null;
	onerror: AstroWebSocketHandler<'error'> | null;
	onclose: AstroWebSocketHandler<'close'> | null;
	/**
	 * Sends a message. Messages, Blobs included, are sent in the order of the calls. Bytes are
	 * copied when you call it. A message is discarded once the socket is closing.
	 *
	 * @throws DOMException `InvalidStateError` while the socket is `CONNECTING`.
	 */
	send(data: string | ArrayBufferLike | ArrayBufferView | Blob): void;
	/**
	 * The received messages, starting when the stream gets a reader: text as strings, binary
	 * messages as bytes. A slow reader applies backpressure to the client, and delays `message`
	 * events as well. The stream ends when the connection is closed, and errors if it was lost.
	 * Cancelling the stream closes the connection.
	 */
	readonly readable: ReadableStream<string | Uint8Array>;
	/**
	 * Sends each chunk as one message. A write waits until the client has read enough of the
	 * earlier messages. Closing the stream closes the connection with 1000 after everything has
	 * been sent. Aborting it closes the connection with 1011.
	 */
	readonly writable: WritableStream<string | ArrayBufferLike | ArrayBufferView | Blob>;
	/**
	 * Starts the closing handshake. A socket that is still `CONNECTING` closes as soon as the
	 * upgrade has been answered.
	 *
	 * @param code 1000, or 3000 to 4999.
	 * @param reason At most 123 bytes of UTF-8.
	 * @throws DOMException `InvalidAccessError` for any other code, `SyntaxError` for a longer
	 * reason.
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
