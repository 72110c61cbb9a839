/**
 * The used part of the Workers runtime. It is declared here for two reasons. The types of Workers
 * conflict with those of Node, where half of these modules run. And the declaration files must work
 * with any types of a site.
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

/** The used part of `ExecutionContext`. */
export interface PlatformContext {
	/** Keeps the request alive until the promise has settled. Other values are ignored. */
	waitUntil(work: unknown): void;
}

/** The additional property of a response: the client's end of a pair. */
export interface Upgrading {
	readonly webSocket?: PlatformSocket | null;
}

/** `WebSocketPair`: the client's and the server's end of one connection. */
export type PairConstructor = new () => { readonly 0: PlatformSocket; readonly 1: PlatformSocket };
