import { GRACE_AFTER_CLOSE, GRACE_AFTER_LOSS } from '../channel/limits.ts';
import type { Host } from '../channel/ports.ts';
import type { Data } from '../protocol/server-frames.ts';
import type { UserEngine, UserWatcher } from './user-engine.ts';

/** A connection of a user. */
export interface UserConnection {
	/** The id of its session. */
	readonly id: string;
	/** Sends a message to the user's inbox. */
	inbox(data: Data): void;
}

/** What a site does about its users. Errors are reported. */
export interface UserHooks {
	onOnline?(userId: string): unknown;
	onOffline?(userId: string): unknown;
	/** Runs them, where a process has several sites. */
	readonly runtime?: { enter?<Result>(work: () => Result): Result };
}

export interface UsersInit {
	readonly host: Host;
	/** Read anew for each use, because the site's file changes in `astro dev`. */
	readonly hooks: () => UserHooks;
	/** Makes the engine that tells the given watcher. */
	readonly engine: (watcher: UserWatcher) => UserEngine;
}

/** The users with connections in this process. */
export class Users implements UserWatcher {
	readonly #host: Host;
	readonly #hooks: () => UserHooks;
	readonly #engine: UserEngine;
	readonly #connections = new Map<string, Set<UserConnection>>();

	constructor(init: UsersInit) {
		this.#host = init.host;
		this.#hooks = init.hooks;
		this.#engine = init.engine(this);
	}

	/** The number of users with connections in this process. */
	get size(): number {
		return this.#connections.size;
	}

	add(userId: string, connection: UserConnection): void {
		this.#keep(userId, connection);
		this.#do('A user cannot be marked online', this.#engine.enter(userId, connection.id));
	}

	/** Takes a connection of a process that slept. The engine knows it. */
	restore(userId: string, connection: UserConnection): void {
		this.#keep(userId, connection);
	}

	/** @param wasClean Whether the connection was closed, and not lost. */
	remove(userId: string, connection: UserConnection, wasClean: boolean): void {
		const connections = this.#connections.get(userId);
		if (connections === undefined || !connections.delete(connection)) return;
		if (connections.size === 0) this.#connections.delete(userId);
		// The session may have another connection already.
		for (const other of connections) if (other.id === connection.id) return;
		const delay = wasClean ? GRACE_AFTER_CLOSE : GRACE_AFTER_LOSS;
		this.#do('A user cannot be marked offline', this.#engine.depart(userId, connection.id, delay));
	}

	/** Whether a connection of a user is here. */
	has(userId: string, connectionId: string): boolean {
		return [...(this.#connections.get(userId) ?? [])].some(({ id }) => id === connectionId);
	}

	/** Whether the user has a connection anywhere, or had one a moment ago. */
	isOnline(userId: string): Promise<boolean> {
		return this.#engine.isOnline(userId);
	}

	/** Sends to all connections of a user, wherever they are. */
	send(userId: string, data: Data): Promise<void> {
		return this.#engine.send(userId, data);
	}

	online(userId: string): void {
		this.#hook('onOnline', userId);
	}

	offline(userId: string): void {
		this.#hook('onOffline', userId);
	}

	message(userId: string, data: Data): void {
		for (const connection of [...(this.#connections.get(userId) ?? [])]) connection.inbox(data);
	}

	#keep(userId: string, connection: UserConnection): void {
		const connections = this.#connections.get(userId) ?? new Set();
		this.#connections.set(userId, connections.add(connection));
	}

	#hook(name: 'onOnline' | 'onOffline', userId: string): void {
		const run = async (): Promise<void> => {
			const hooks = this.#hooks();
			const call = (): unknown => hooks[name]?.(userId);
			await (hooks.runtime?.enter === undefined ? call() : hooks.runtime.enter(call));
		};
		this.#do(`\`${name}\` of \`src/realtime/_middleware\` failed`, run());
	}

	#do(failure: string, work: Promise<void>): void {
		const reported = work.catch((error: unknown) => this.#host.report(failure, error));
		this.#host.waitUntil(reported);
	}
}
