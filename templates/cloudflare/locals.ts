import { ORDINARY } from '../shared/ordinary-locals.ts';
import type { WebSocketLocals } from '../shared/types.ts';

/** The locals of a request that is no handshake. */
export function ordinaryLocals(): WebSocketLocals {
	return { ...ORDINARY };
}
