import type { Data } from '../protocol/server-frames.ts';

/** Knows which users are online, and carries messages to them. */
export interface UserEngine {
	/** Adds a connection of a user, and cancels its departure. */
	enter(userId: string, connectionId: string): Promise<void>;
	/**
	 * Removes a connection after a number of milliseconds by the engine's own clock, unless it
	 * enters again before.
	 */
	depart(userId: string, connectionId: string, delay: number): Promise<void>;
	/** Whether the user has a connection, or one that departs. */
	isOnline(userId: string): Promise<boolean>;
	/** Sends to the watchers of all processes that have connections of the user. */
	send(userId: string, data: Data): Promise<void>;
}

/** A process, as an engine sees it. */
export interface UserWatcher {
	/** The first connection of a user came. Told to one process. */
	online(userId: string): void;
	/** The last connection of a user has departed. Told to one process. */
	offline(userId: string): void;
	message(userId: string, data: Data): void;
}
