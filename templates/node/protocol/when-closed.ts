import type { Duplex } from 'node:stream';

/** Who is told that a socket is closed. */
export interface Closer {
	/** Who is told after it: set by {@link whenClosed}. */
	nextCloser: Closer | undefined;
	onClose(): void;
}

const CLOSER: unique symbol = Symbol('closer');

type ObservedSocket = Duplex & { [CLOSER]?: Closer };

/**
 * Tells when a socket is closed, the last one who asked first. All of them share one listener: for
 * its third one an emitter takes as much memory as a connection for all of its frames.
 */
export function whenClosed(socket: Duplex, closer: Closer): void {
	const watched: ObservedSocket = socket;
	closer.nextCloser = watched[CLOSER];
	watched[CLOSER] = closer;
	// Anew: the emitter's list, which a third listener has made long in the handshake, stays so.
	if (closer.nextCloser !== undefined) socket.off('close', tell);
	socket.on('close', tell);
}

function tell(this: ObservedSocket): void {
	for (let closer = this[CLOSER]; closer !== undefined; closer = closer.nextCloser) {
		closer.onClose();
	}
}
