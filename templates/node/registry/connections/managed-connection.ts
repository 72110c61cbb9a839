import type { AstroWebSocket } from '../../../socket/types.ts';

/** Totals for each direction. */
export interface Traffic {
	readonly received: number;
	readonly sent: number;
}

/** Your own values for a connection, by key. */
export type ConnectionData = Readonly<Record<string, unknown>>;

/** An accepted connection in the manager. Its properties show the current state. */
export interface ManagedConnection {
	/** The id, unique among all processes. It is not a secret. */
	readonly id: string;
	readonly socket: AstroWebSocket;
	/** The client address that limits count; empty if there is none. */
	readonly ip: string;
	/** `tags` of `upgradeWebSocket()`, plus added and minus removed ones. */
	readonly tags: ReadonlySet<string>;
	/** `data` of `upgradeWebSocket()`, plus the changes by `setConnectionData()`. */
	readonly data: ConnectionData;
	/** Time of the handshake. */
	readonly since: Date;
	/** Milliseconds since the handshake. */
	readonly age: number;
	/** Milliseconds without a message in either direction. Pings and pongs do not count. */
	readonly idleTime: number;
	readonly messages: Traffic;
	/**
	 * Bytes on the wire since the connection was opened, including the handshake, frames and pings.
	 */
	readonly bytes: Traffic;
	/**
	 * The latency of the last answered health check in milliseconds, `undefined` before the first.
	 */
	readonly roundTrip: number | undefined;
	/** Unanswered pings of health monitoring in a row. */
	readonly missedPings: number;
	/**
	 * Starts the closing handshake. You may use the close codes of a server: see `shutdown()`.
	 *
	 * @param code 1001 by default.
	 */
	close(code?: number, reason?: string): void;
	/**
	 * The JSON-compatible properties. `data` is left out, because it may hold any value or secrets.
	 */
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
