import { drainFrame } from '../../realtime/protocol/server-frames.ts';
import type { Mux } from '../../realtime/server/mux.ts';
import type { AstroWebSocket } from '../../socket/types.ts';
import { CONNECTION, type RegisteredWebSocket } from '../registry/connections/entry.ts';

/** Makes a shutdown tell an open connection, before it is closed. Plain clients know no such notice. */
export function drainWith(socket: AstroWebSocket, connection: Mux): void {
	const registered: RegisteredWebSocket = socket;
	const entry = registered[CONNECTION];
	if (entry !== undefined) {
		entry.drain = (milliseconds) => connection.send(drainFrame(milliseconds));
	}
}
