import type { AstroWebSocket } from '../../socket/types.ts';
import { CONNECTION, type RegisteredWebSocket } from '../registry/connections/entry.ts';

/** A connection whose client knows `drain`. */
export interface Drained {
	drain(milliseconds: number): void;
}

/** Makes a shutdown tell an open connection, before it is closed. */
export function drainWith(socket: AstroWebSocket, connection: Drained): void {
	const registered: RegisteredWebSocket = socket;
	const entry = registered[CONNECTION];
	if (entry !== undefined) entry.drain = (milliseconds) => connection.drain(milliseconds);
}
