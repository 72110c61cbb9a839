import type { Upgrade } from './upgrade.ts';

/** A handshake carries its upgrade from where it is admitted to where it is settled. */
export const UPGRADE: unique symbol = Symbol.for('astro.websocket.upgrade');

/** A request that may be a handshake. */
export interface UpgradeRequest extends Request {
	[UPGRADE]?: Upgrade;
}
