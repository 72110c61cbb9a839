import type { Duplex } from 'node:stream';
import { afterReading } from '../process/after-reading.ts';

/** Milliseconds for the peer to end a closing connection. */
const CLOSE_TIMEOUT = 30_000;

/** Destroys the stream of a closing connection, unless the returned timer is cleared. */
export function limitClosing(stream: Duplex): NodeJS.Timeout {
	const giveUp = (): void => {
		stream.destroy();
	};
	return setTimeout(() => afterReading(giveUp), CLOSE_TIMEOUT).unref();
}
