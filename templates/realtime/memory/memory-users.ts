import type { Host } from '../channel/ports.ts';
import type { Data } from '../protocol/server-frames.ts';
import type { UserEngine, UserWatcher } from '../user/user-engine.ts';

/** Cancels the departure of a connection. Undefined while it does not depart. */
type Departure = (() => void) | undefined;

/** The users of one process. */
export class MemoryUsers implements UserEngine {
	readonly #host: Pick<Host, 'alarm'>;
	readonly #watcher: UserWatcher;
	/** By the user's id, then by the connection's. */
	readonly #online = new Map<string, Map<string, Departure>>();

	constructor(host: Pick<Host, 'alarm'>, watcher: UserWatcher) {
		this.#host = host;
		this.#watcher = watcher;
	}

	async enter(userId: string, connectionId: string): Promise<void> {
		const known = this.#online.get(userId);
		const connections = known ?? new Map<string, Departure>();
		this.#online.set(userId, connections);
		connections.get(connectionId)?.();
		connections.set(connectionId, undefined);
		if (known === undefined) this.#watcher.online(userId);
	}

	async depart(userId: string, connectionId: string, delay: number): Promise<void> {
		const connections = this.#online.get(userId);
		if (connections === undefined || !connections.has(connectionId)) return;
		connections.get(connectionId)?.();
		const cancel = this.#host.alarm(delay, () => {
			connections.delete(connectionId);
			if (connections.size > 0) return;
			this.#online.delete(userId);
			this.#watcher.offline(userId);
		});
		connections.set(connectionId, cancel);
	}

	async isOnline(userId: string): Promise<boolean> {
		return this.#online.has(userId);
	}

	async send(userId: string, data: Data): Promise<void> {
		this.#watcher.message(userId, data);
	}
}
