import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** `lib/_http_outgoing.js`: the response that is assigned to a socket. */
interface AssignedSocket extends Duplex {
	_httpMessage?: ServerResponse | null;
	/** Of `net.Socket`. */
	setTimeout?(milliseconds: number): unknown;
}

/** Whether a response is being written to the socket. */
export function hasUnfinishedResponse(socket: AssignedSocket): boolean {
	return (socket._httpMessage ?? undefined) !== undefined;
}

/**
 * Waits until the requests before an upgrade are answered. Clients must not pipeline a handshake
 * (RFC 6455 section 4.1), but the answers to what came before it are theirs all the same.
 *
 * @param proceed Not called if the last of these answers closes the connection.
 */
export function afterEarlierResponses(socket: AssignedSocket, proceed: () => void): void {
	const response = socket._httpMessage ?? undefined;
	if (response === undefined) {
		proceed();
		return;
	}
	// Node took its own listeners off at the upgrade: responses wait for `drain`, and an error
	// without a listener ends the process.
	const forwardDrain = (): void => {
		response.emit('drain');
	};
	socket.on('drain', forwardDrain);
	socket.on('error', ignore);
	response.once('close', () => {
		socket.off('drain', forwardDrain);
		if (!socket.destroyed && !socket.writableEnded) {
			if (socket.readableEnded) socket.destroy();
			else {
				// Node limits the time until the next request.
				socket.setTimeout?.(0);
				afterEarlierResponses(socket, proceed);
			}
		}
		socket.off('error', ignore);
	});
}

function ignore(): void {}
