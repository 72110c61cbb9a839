import { followLog } from '../channel/log/feed.ts';
import type { Log, Roster } from '../channel/ports.ts';
import type { Engine, EngineStatus } from '../user/engine.ts';
import type { UserEngine, UserWatcher } from '../user/user-engine.ts';
import { MemoryLog } from './memory-log.ts';
import { MemoryRoster, type RosterHost } from './memory-roster.ts';
import { MemoryUsers } from './memory-users.ts';

/** Keeps everything in this process. What it keeps ends with the process. */
export class MemoryEngine implements Engine {
	readonly log: Log;
	readonly roster: Roster;
	readonly feed: Engine['feed'] = followLog;
	readonly status: EngineStatus;
	readonly #host: RosterHost;

	constructor(host: RosterHost) {
		this.#host = host;
		this.log = new MemoryLog(host);
		this.roster = new MemoryRoster(host);
		this.status = { name: 'memory', state: 'up', since: host.now(), lag: 0 };
	}

	users(watcher: UserWatcher): UserEngine {
		return new MemoryUsers(this.#host, watcher);
	}

	async start(): Promise<void> {}

	async close(): Promise<void> {}
}
