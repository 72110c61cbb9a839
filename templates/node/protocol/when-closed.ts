import type { Duplex } from 'node:stream';

/** Called when a socket is closed. */
export interface Closer {
	/** The next closer in the chain, set by {@link whenClosed}. */
	nextCloser: Closer | undefined;
	onClose(): void;
}

const CLOSER: unique symbol = Symbol('closer');

type ObservedSocket = Duplex & { [CLOSER]?: Closer };

/**
 * Calls a closer when a socket is closed, in reverse order of addition. All closers share one
 * listener. With a third listener for an event, the emitter takes as much memory as a connection
 * for its frames.
 */
export function whenClosed(socket: Duplex, closer: Closer): void {
	const watched: ObservedSocket = socket;
	closer.nextCloser = watched[CLOSER];
	watched[CLOSER] = closer;
	// Re-added: the handshake grew the emitter's list with a third listener, and the list does not
	// shrink.
	if (closer.nextCloser !== undefined) socket.off('close', notifyClosers);
	socket.on('close', notifyClosers);
}

function notifyClosers(this: ObservedSocket): void {
	for (let closer = this[CLOSER]; closer !== undefined; closer = closer.nextCloser) {
		closer.onClose();
	}
}
