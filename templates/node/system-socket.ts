import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Whether it is a socket of the system as it is, with nothing of somebody else's over it. */
export function isSystemSocket(stream: object): boolean {
	return Object.getPrototypeOf(stream) === Socket.prototype;
}

/** Less than this is collected along with everything else. */
const LARGE = 4 * 1024;

/** What Node has since version 21. */
interface Transferable {
	readonly byteLength: number;
	transfer?(length: number): unknown;
}

/**
 * Gives back the memory of what has come in on a socket and was copied. Each read has memory of its
 * own, which otherwise waits for the garbage collector: with large messages that is most of what it
 * has to do.
 */
export function giveBack(stream: Duplex, chunk: Buffer): void {
	const buffer: Transferable = chunk.buffer;
	const isAllOfIt = chunk.byteLength === buffer.byteLength;
	if (!isAllOfIt || chunk.byteLength < LARGE || !isSystemSocket(stream)) return;
	// Somebody else may keep it.
	if (stream.listenerCount('data') > 1) return;
	buffer.transfer?.(0);
}
