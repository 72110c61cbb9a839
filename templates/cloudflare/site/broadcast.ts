import { OPEN } from '../../socket/ready-state.ts';
import type { AstroWebSocket } from '../../socket/types.ts';

/**
 * Sends a message to every open socket. Sockets that are not open are skipped. Bytes are copied
 * when you call it.
 */
export function broadcast(
	sockets: Iterable<AstroWebSocket>,
	data: string | ArrayBufferLike | ArrayBufferView | Blob,
): void {
	for (const socket of sockets) {
		if (socket.readyState === OPEN) socket.send(data);
	}
}
