import type { ChannelKey } from '../../realtime/channel/key.ts';
import type { Host, Ports } from '../../realtime/channel/ports.ts';
import type { EngineStatus, LocalEngine } from '../../realtime/user/engine.ts';
import type { UserEngine, UserWatcher } from '../../realtime/user/user-engine.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import { ObjectFeed } from './object-feed.ts';
import { SqlLog } from './sql-log.ts';
import { SqlRoster } from './sql-roster.ts';
import type { Tables } from './tables.ts';

export interface ObjectEngineInit {
	readonly tables: Tables;
	readonly host: Pick<Host, 'now' | 'random' | 'secret'>;
	readonly alarm: Pick<ObjectAlarm, 'ringBy'>;
	/** The channel of the object. */
	readonly key: ChannelKey;
	/** Constant for the object. */
	readonly epoch: string;
	/** Milliseconds between two looks at who is present. 0 for none. */
	readonly presenceCheck: number;
	users(watcher: UserWatcher): UserEngine;
}

/** Keeps one channel in the SQLite of its object. */
export class ObjectEngine implements LocalEngine {
	readonly log: SqlLog;
	readonly roster: SqlRoster;
	readonly feed: Ports['feed'] = (init) => new ObjectFeed(init);
	readonly users: (watcher: UserWatcher) => UserEngine;
	readonly status: EngineStatus;

	constructor({ tables, host, alarm, key, epoch, presenceCheck, users }: ObjectEngineInit) {
		this.log = new SqlLog(tables, host, alarm, epoch);
		this.roster = new SqlRoster(tables, host, alarm, key, presenceCheck);
		this.users = users;
		this.status = { name: 'durable object', state: 'up', since: host.now(), lag: 0 };
	}

	/** Does what is due. Call it when the alarm rings. */
	sweep(): void {
		this.log.sweep();
		this.roster.presence.sweep();
	}
}
