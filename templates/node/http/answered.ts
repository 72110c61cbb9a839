import type { Duplex } from 'node:stream';
import { hasUnfinishedResponse } from './earlier-responses.ts';

/**
 * The server of an answered connection, or `true` without a server. It is stored on the socket,
 * because all instances of this module must see it. In `astro preview` there are two.
 */
const ANSWERED: unique symbol = Symbol.for('astro.websocket.answered');

type AnsweredSocket = Duplex & { [ANSWERED]?: object | true };

/** Whether a site answers the upgrade on this connection. */
export function isAnswered(socket: Duplex): boolean {
	return (socket as AnsweredSocket)[ANSWERED] !== undefined;
}

/**
 * Records that a site answers the upgrade on this connection.
 *
 * @param server The server that received it, if the site is attached to it.
 */
export function setAnswered(socket: Duplex, server: object | undefined): void {
	(socket as AnsweredSocket)[ANSWERED] = server ?? true;
}

/** The server that received the connection, if the answering site is attached to it. */
export function answeringServer(socket: Duplex): object | undefined {
	const server = (socket as AnsweredSocket)[ANSWERED];
	return server === true ? undefined : server;
}

/** `net.Socket`, typed as `Duplex` in `upgrade` events. */
type CountingSocket = Duplex & { readonly bytesWritten?: number };

/** Returns a function that tells whether a listener has taken the connection since this call. */
export function takenSince(socket: CountingSocket): () => boolean {
	const { bytesWritten } = socket;
	return () =>
		isAnswered(socket) ||
		hasUnfinishedResponse(socket) ||
		isRead(socket) ||
		socket.bytesWritten !== bytesWritten;
}

/** A listener that takes a connection reads from it, or has refused it. */
function isRead(socket: Duplex): boolean {
	return (
		socket.destroyed ||
		socket.writableEnded ||
		socket.listenerCount('data') > 0 ||
		socket.listenerCount('readable') > 0
	);
}
