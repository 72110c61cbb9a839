import type { AstroWebSocket } from '../../socket/types.ts';

/** How many went in each direction. */
export interface Traffic {
	readonly received: number;
	readonly sent: number;
}

/** What a site keeps with a connection, by key. */
export type ConnectionData = Readonly<Record<string, unknown>>;

/** An accepted connection as the manager shows it. What it tells is what is so now. */
export interface ManagedConnection {
	/** Stands for it in every process: no two connections have the same. It is no secret. */
	readonly id: string;
	readonly socket: AstroWebSocket;
	/** The address of the client by which limits count; the empty string if it has none. */
	readonly ip: string;
	/** `tags` of `upgradeWebSocket()`, and those that were added, less those that were removed. */
	readonly tags: ReadonlySet<string>;
	/** `data` of `upgradeWebSocket()`, and what `setConnectionData()` has set since. */
	readonly data: ConnectionData;
	/** When its handshake arrived. */
	readonly since: Date;
	/** Milliseconds since then. */
	readonly age: number;
	/** Milliseconds without a message in either direction. Pings and pongs are none. */
	readonly idleTime: number;
	readonly messages: Traffic;
	/** On the wire since the connection was made: the handshake, frames and pings are in it. */
	readonly bytes: Traffic;
	/** Milliseconds that the last answered health check took, `undefined` before the first. */
	readonly roundTrip: number | undefined;
	/** Pings of the health monitoring in a row that were not answered. */
	readonly missedPings: number;
	/**
	 * Starts the closing handshake, with the codes that a server may use: see `shutdown()`.
	 *
	 * @param code 1001 by default.
	 */
	close(code?: number, reason?: string): void;
	/** All of it that is JSON. `data` is left out: it may be anything, and a secret. */
	toJSON(): ManagedConnectionJSON;
}

/** A {@link ManagedConnection} as JSON. */
export interface ManagedConnectionJSON {
	readonly id: string;
	readonly url: string;
	readonly protocol: string;
	readonly ip: string;
	readonly tags: readonly string[];
	readonly since: string;
	readonly age: number;
	readonly idleTime: number;
	readonly bufferedAmount: number;
	readonly messages: Traffic;
	readonly bytes: Traffic;
	readonly roundTrip: number | null;
	readonly missedPings: number;
}
