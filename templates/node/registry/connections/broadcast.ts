import { toPayload } from '../../../socket/payload.ts';
import { OPEN } from '../../../socket/ready-state.ts';
import type { AstroWebSocket } from '../../../socket/types.ts';
import { type SharedMessage, shareMessage } from '../../protocol/shared-message.ts';
import { CONNECTION, type RegisteredWebSocket } from './entry.ts';

/**
 * Sends a message to every open socket. It is framed once for all of them. For each socket it keeps
 * its order with `send()`, and the limits of that connection apply. Sockets that are not open are
 * skipped.
 *
 * Bytes are copied when you call it.
 */
export function broadcast(
	sockets: Iterable<AstroWebSocket>,
	data: string | ArrayBufferLike | ArrayBufferView | Blob,
): void {
	const payload = toPayload(data);
	if (!(payload instanceof Blob)) {
		broadcastShared(sockets, shareMessage(payload));
		return;
	}
	for (const socket of sockets) {
		if (socket.readyState === OPEN) socket.send(payload);
	}
}

/** The part of a socket that a shared message needs. */
export type SharingSocket = Pick<RegisteredWebSocket, 'readyState' | 'send' | typeof CONNECTION>;

/** Sends a message of {@link shareMessage} to every open socket. */
export function broadcastShared(sockets: Iterable<SharingSocket>, message: SharedMessage): void {
	for (const socket of sockets) sendShared(socket, message);
}

/** Sends a message of {@link shareMessage} to a socket, if it is open. */
export function sendShared(socket: SharingSocket, message: SharedMessage): void {
	const entry = socket[CONNECTION];
	if (entry !== undefined) entry.share(message);
	// A wrapper around a socket, or a socket that was closed before it was registered.
	else if (socket.readyState === OPEN) socket.send(message.data);
}
