/** Options of `upgradeWebSocket()` for this package's own routes. */
export interface InternalOptions {
	readonly [MAX_HEARTBEAT_INTERVAL]?: number;
	readonly [MIN_PAYLOAD]?: number;
}

/** Milliseconds between pings, at most. A symbol of all instances of this module. */
export const MAX_HEARTBEAT_INTERVAL: unique symbol = Symbol.for('astro.websocket.heartbeat');

/** The size of a message in bytes that is taken in any case. A symbol of all instances as well. */
export const MIN_PAYLOAD: unique symbol = Symbol.for('astro.websocket.payload');
