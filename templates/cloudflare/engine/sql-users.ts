import type { ChannelKey } from '../../realtime/channel/key.ts';
import { GRACE_AFTER_LOSS } from '../../realtime/channel/limits.ts';
import type { Host } from '../../realtime/channel/ports.ts';
import type { Data } from '../../realtime/protocol/server-frames.ts';
import type { UserEngine, UserWatcher } from '../../realtime/user/user-engine.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import type { Tables } from './tables.ts';

export interface SqlUsersInit {
	readonly tables: Tables;
	readonly host: Pick<Host, 'now'>;
	readonly alarm: Pick<ObjectAlarm, 'ringBy'>;
	/** The user of the object. */
	readonly userId: string;
	readonly watcher: UserWatcher;
	/** Sends to the user's plain clients in a channel. */
	deliver(channel: ChannelKey, data: Data): Promise<void>;
}

/** The connections of one user in the SQLite of the user's object. */
export class SqlUsers implements UserEngine {
	readonly #init: SqlUsersInit;

	constructor(init: SqlUsersInit) {
		this.#init = init;
	}

	/** @param channel The channel that has the connection, if it is not one to this object. */
	async enter(userId: string, connectionId: string, channel?: ChannelKey): Promise<void> {
		const isFirst = !this.#hasConnections;
		this.#init.tables.write(
			'online',
			'REPLACE INTO online (id, channel) VALUES (?, ?)',
			connectionId,
			channel ?? null,
		);
		if (isFirst) this.#init.watcher.online(userId);
	}

	async depart(_userId: string, connectionId: string, delay: number): Promise<void> {
		const departs = this.#init.host.now() + delay;
		this.#init.tables.change(
			'online',
			'UPDATE online SET departs = ? WHERE id = ?',
			departs,
			connectionId,
		);
		this.#init.alarm.ringBy(departs);
	}

	async isOnline(): Promise<boolean> {
		return this.#hasConnections;
	}

	async send(userId: string, data: Data): Promise<void> {
		this.#init.watcher.message(userId, data);
		const rows = this.#init.tables.read(
			'online',
			'SELECT DISTINCT channel FROM online WHERE channel IS NOT NULL',
		);
		await Promise.all(rows.map(({ channel }) => this.#init.deliver(String(channel), data)));
	}

	/** Connections that did not live through a sleep are lost. */
	restore(connected: ReadonlySet<string>): void {
		const rows = this.#init.tables.read(
			'online',
			'SELECT id FROM online WHERE departs IS NULL AND channel IS NULL',
		);
		for (const { id } of rows) {
			if (!connected.has(String(id)))
				void this.depart(this.#init.userId, String(id), GRACE_AFTER_LOSS);
		}
	}

	/** Removes what has departed. Call it when the alarm rings. */
	sweep(): void {
		const now = this.#init.host.now();
		const due = this.#init.tables.read('online', 'SELECT id FROM online WHERE departs <= ?', now);
		for (const { id } of due) {
			this.#init.tables.change('online', 'DELETE FROM online WHERE id = ?', String(id));
		}
		const rest = this.#init.tables.read('online', 'SELECT min(departs) AS at FROM online')[0]?.at;
		if (typeof rest === 'number') this.#init.alarm.ringBy(rest);
		else if (due.length > 0 && !this.#hasConnections) {
			this.#init.watcher.offline(this.#init.userId);
		}
	}

	get #hasConnections(): boolean {
		return this.#init.tables.read('online', 'SELECT 1 FROM online LIMIT 1').length > 0;
	}
}
