import type { FrameSocket } from '../../realtime/server/broadcast-link.ts';
import { shareMessage } from '../protocol/shared-message.ts';
import { broadcastShared } from '../registry/connections/broadcast.ts';

/** Writes one message to many sockets. It is framed once for all of them. */
export function broadcast(sockets: readonly FrameSocket[], content: string | Uint8Array): void {
	const [first, second] = sockets;
	if (second === undefined) first?.send(content);
	else broadcastShared(sockets, shareMessage(content));
}
