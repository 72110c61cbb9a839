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
	send(data: string | Uint8Array): void;
	close(code?: number, reason?: string): void;
	addEventListener(type: 'message', listener: (event: PlatformMessage) => void): void;
	addEventListener(type: 'close', listener: (event: PlatformClose) => void): void;
	addEventListener(type: 'error', listener: (event: { readonly error?: unknown }) => void): void;
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

/** What a response has in addition: the end of a pair that it hands to the client. */
interface Upgrading {
	readonly webSocket?: PlatformSocket | null;
}

interface Platform {
	readonly WebSocketPair: new () => { readonly 0: PlatformSocket; readonly 1: PlatformSocket };
	readonly Response: new (
		body: ReadableStream | null,
		init: { status: number; headers?: Headers; webSocket: PlatformSocket } | Response,
	) => Response;
}

const platform = globalThis as unknown as Platform;

/** Two ends of one connection: that of the client, and ours. */
export function createPair(): { readonly client: PlatformSocket; readonly server: PlatformSocket } {
	const { 0: client, 1: server } = new platform.WebSocketPair();
	return { client, server };
}

/** The response that hands `client` to the client. */
export function switchingProtocols(client: PlatformSocket, headers: Headers): Response {
	return new platform.Response(null, { status: 101, headers, webSocket: client });
}

/** The end of a pair that a response hands to the client. */
export function webSocketOf(response: Response): PlatformSocket | undefined {
	return (response as Upgrading).webSocket ?? undefined;
}

/**
 * The answer to a handshake, with headers that can be added to. Those of a Durable Object's answer and
 * of that of `fetch()` are immutable, be it a 101 or not, and setting a cookie on them would be an
 * exception. A copy keeps the end of a pair. Astro keeps what it knows of a response in properties
 * with symbols for keys, its cookies for one.
 */
export function mutable(response: Response): Response {
	return Object.assign(new platform.Response(response.body, response), response);
}
