import type { Log, Ports, Roster } from '../channel/ports.ts';
import type { UserEngine, UserWatcher } from './user-engine.ts';

/** Keeps the channels, sessions and users of a site: in this process, or for several processes. */
export interface LocalEngine {
	readonly log: Log;
	readonly roster: Roster;
	readonly feed: Ports['feed'];
	/** Called once. The watcher hears of the users of this process. */
	users(watcher: UserWatcher): UserEngine;
	readonly status: EngineStatus;
}

/** The same, as a process starts and ends it. */
export interface Engine extends LocalEngine {
	/**
	 * Connects to the server of the engine. Resolves also if the server cannot be reached: the engine
	 * goes on trying, and reports it.
	 *
	 * @throws Error if the engine can never work, for example because its address is malformed.
	 */
	start(): Promise<void>;
	/** Hands everything over to the other processes, and disconnects. Never rejects. */
	close(): Promise<void>;
}

/** The state of an engine, for the site's operator. */
export interface EngineStatus {
	/** The name in the adapter's options. */
	readonly name: string;
	/** While it is `down`, nothing can be published or joined. */
	readonly state: 'up' | 'down';
	/** The time of the last change of `state`, in milliseconds since 1970. */
	readonly since: number;
	/**
	 * Milliseconds that a message took last from this process through the engine and back. Null if it
	 * is not known. An engine in memory takes none.
	 */
	readonly lag: number | null;
}
