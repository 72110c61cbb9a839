import type { Upgrade } from './upgrade.ts';

/** The upgrade of a handshake, stored on the request between its admission and its settlement. */
export const UPGRADE: unique symbol = Symbol.for('astro.websocket.upgrade');

/** A request that may be a handshake. */
export interface UpgradeRequest extends Request {
	[UPGRADE]?: Upgrade;
}
