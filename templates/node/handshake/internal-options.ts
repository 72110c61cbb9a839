/** Options of `upgradeWebSocket()` for this package's own routes. */
export interface InternalOptions {
	readonly [MAX_HEARTBEAT_INTERVAL]?: number;
}

/** Milliseconds between pings, at most. A symbol of all instances of this module. */
export const MAX_HEARTBEAT_INTERVAL: unique symbol = Symbol.for('astro.websocket.heartbeat');
