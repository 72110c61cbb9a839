import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Whether the stream is a native socket without a wrapper. */
export function isSystemSocket(stream: object): boolean {
	return Object.getPrototypeOf(stream) === Socket.prototype;
}

/** Whether the socket uses TLS. In Bun, plain sockets have the property as well. */
export function isEncrypted(socket: object & { readonly encrypted?: unknown }): boolean {
	return socket.encrypted === true;
}

/** The scheme of HTTP requests on the socket. */
export function connectionScheme(socket: object & { readonly encrypted?: unknown }): HttpScheme {
	return isEncrypted(socket) ? 'https' : 'http';
}

/** A scheme of HTTP. */
export type HttpScheme = 'http' | 'https';

/** Available in Node since 21. */
interface Transferable {
	readonly byteLength: number;
	transfer?(length: number): unknown;
}

/**
 * Releases the memory of a received chunk that was copied. Each read allocates its own memory,
 * which otherwise waits for the garbage collector. Freeing thousands of them takes most of a
 * collection's time, and blocks all connections meanwhile.
 */
export function giveBack(stream: Duplex, chunk: Buffer): void {
	const buffer: Transferable = chunk.buffer;
	const isWhole = chunk.byteLength === buffer.byteLength;
	if (!isWhole || !isSystemSocket(stream)) return;
	// Another listener may keep the chunk.
	if (stream.listenerCount('data') > 1) return;
	buffer.transfer?.(0);
}
