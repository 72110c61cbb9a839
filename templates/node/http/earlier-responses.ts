import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Node's `lib/_http_outgoing.js`: the response assigned to a socket. */
interface AssignedSocket extends Duplex {
	_httpMessage?: ServerResponse | null;
	/** From `net.Socket`. */
	setTimeout?(milliseconds: number): unknown;
}

/** Whether a response is being written to the socket. */
export function hasUnfinishedResponse(socket: AssignedSocket): boolean {
	return (socket._httpMessage ?? undefined) !== undefined;
}

/**
 * Waits until the requests before an upgrade are answered. Clients must not pipeline a handshake
 * (RFC 6455 section 4.1), but earlier requests still need their responses.
 *
 * @param proceed Not called if the last of these responses closes the connection.
 */
export function afterEarlierResponses(socket: AssignedSocket, proceed: () => void): void {
	const response = socket._httpMessage ?? undefined;
	if (response === undefined) {
		proceed();
		return;
	}
	// Node removes its listeners at the upgrade. Responses wait for `drain`, and an error without a
	// listener ends the process.
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
