/**
 * The part of the Workers runtime that is used here. It is declared again, because the types of
 * Workers clash with those of Node, in which half of these modules run, and because our declaration
 * files must fit whatever types a site has.
 */
export interface PlatformSocket {
	readonly readyState: number;
	readonly extensions: string | null;
	binaryType: string;
	accept(): void;
	/** Bytes are copied. */
	send(data: string | Uint8Array | ArrayBuffer): void;
	close(code?: number, reason?: string): void;
	addEventListener(type: 'message', listener: (event: PlatformMessage) => void): void;
	addEventListener(type: 'close', listener: (event: PlatformClose) => void): void;
	addEventListener(type: 'error', listener: (event: { readonly error: Error }) => void): void;
}

/** The `message` event of a {@link PlatformSocket} whose `binaryType` is `arraybuffer`. */
export interface PlatformMessage {
	readonly data: string | ArrayBuffer;
}

/** The `close` event of a {@link PlatformSocket}. */
export interface PlatformClose {
	readonly code: number;
	readonly reason: string;
	readonly wasClean: boolean;
}

/** The part of `ExecutionContext` that is used here. */
export interface PlatformContext {
	/** Keeps the request alive until this has settled; what is no promise has. */
	waitUntil(work: unknown): void;
}

/** What a response has in addition: the end of a pair that it hands to the client. */
export interface Upgrading {
	readonly webSocket?: PlatformSocket | null;
}

/** `WebSocketPair`: two ends of one connection, that of the client and ours. */
export type PairConstructor = new () => { readonly 0: PlatformSocket; readonly 1: PlatformSocket };
