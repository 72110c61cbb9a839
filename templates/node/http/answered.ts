import type { Duplex } from 'node:stream';
import { hasUnfinishedResponse } from './earlier-responses.ts';

/**
 * The server that a connection is answered for, or nothing but the fact. The connection itself
 * carries it: every instance of this module has to see it, in `astro preview` there are two.
 */
const ANSWERED: unique symbol = Symbol.for('astro.websocket.answered');

type AnsweredSocket = Duplex & { [ANSWERED]?: object | true };

/** Whether a site answers the upgrade of this connection. */
export function isAnswered(socket: Duplex): boolean {
	return (socket as AnsweredSocket)[ANSWERED] !== undefined;
}

/**
 * Remembers that a site answers the upgrade of this connection.
 *
 * @param server The server that it came in by, if the site is attached to it.
 */
export function setAnswered(socket: Duplex, server: object | undefined): void {
	(socket as AnsweredSocket)[ANSWERED] = server ?? true;
}

/** The server that the connection came in by, if the site that answers is attached to it. */
export function answeringServer(socket: Duplex): object | undefined {
	const server = (socket as AnsweredSocket)[ANSWERED];
	return server === true ? undefined : server;
}

/** `net.Socket`, which `Duplex` stands for in the types of `upgrade` events. */
type CountingSocket = Duplex & { readonly bytesWritten?: number };

/** Tells whether somebody has taken the connection over since this call. */
export function takenSince(socket: CountingSocket): () => boolean {
	const { bytesWritten } = socket;
	return () =>
		isAnswered(socket) ||
		hasUnfinishedResponse(socket) ||
		isRead(socket) ||
		socket.bytesWritten !== bytesWritten;
}

/** Whoever takes a connection over reads from it, or has refused it. */
function isRead(socket: Duplex): boolean {
	return (
		socket.destroyed ||
		socket.writableEnded ||
		socket.listenerCount('data') > 0 ||
		socket.listenerCount('readable') > 0
	);
}
