import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Whether it is a socket of the system as it is, with nothing of somebody else's over it. */
export function isSystemSocket(stream: object): boolean {
	return Object.getPrototypeOf(stream) === Socket.prototype;
}

/** Whether TLS is spoken on it. Of sockets without, Bun's have the property as well. */
export function isEncrypted(socket: object & { readonly encrypted?: unknown }): boolean {
	return socket.encrypted === true;
}

/** What Node has since version 21. */
interface Transferable {
	readonly byteLength: number;
	transfer?(length: number): unknown;
}

/**
 * Gives back the memory of what has come in on a socket and was copied. Each read has memory of its
 * own, which otherwise waits for the garbage collector. To free it is most of what that has to do
 * then, thousands at a time, and while it does nobody gets an answer.
 */
export function giveBack(stream: Duplex, chunk: Buffer): void {
	const buffer: Transferable = chunk.buffer;
	const isAllOfIt = chunk.byteLength === buffer.byteLength;
	if (!isAllOfIt || !isSystemSocket(stream)) return;
	// Somebody else may keep it.
	if (stream.listenerCount('data') > 1) return;
	buffer.transfer?.(0);
}
