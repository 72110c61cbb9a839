import type { ChannelKey } from '../../realtime/channel/key.ts';
import { GRACE_AFTER_LOSS } from '../../realtime/channel/limits.ts';
import type { Host } from '../../realtime/channel/ports.ts';
import type { Data } from '../../realtime/protocol/server-frames.ts';
import type { UserEngine, UserWatcher } from '../../realtime/user/user-engine.ts';
import type { ObjectAlarm } from './object-alarm.ts';
import type { SqlRow } from './storage.ts';
import type { Tables } from './tables.ts';

/**
 * Milliseconds between two looks at the connections of a user who is online. One whose object was
 * killed wakes nothing.
 */
const USER_CHECK = 3_600_000;

export interface SqlUsersInit {
	readonly tables: Tables;
	readonly host: Pick<Host, 'now' | 'waitUntil'>;
	readonly alarm: Pick<ObjectAlarm, 'ringBy'>;
	/** The user of the object. */
	readonly userId: string;
	readonly watcher: UserWatcher;
	/** Sends to the user's plain clients in a channel. */
	deliver(channel: ChannelKey, data: Data): Promise<void>;
	/** Whether a channel has a connection of a plain client. */
	has(channel: ChannelKey, connectionId: string): Promise<boolean>;
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
		this.#checkSoon();
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
		const channels = new Set(this.#plain.map(({ channel }) => String(channel)));
		await Promise.all([...channels].map((channel) => this.#init.deliver(channel, data)));
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
		const { tables, host, alarm, watcher, userId } = this.#init;
		const wasOnline = this.#hasConnections;
		tables.change('online', 'DELETE FROM online WHERE departs <= ?', host.now());
		const rest = tables.read('online', 'SELECT min(departs) AS at FROM online')[0]?.at;
		if (typeof rest === 'number') alarm.ringBy(rest);
		else if (this.#hasConnections) host.waitUntil(this.#check());
		else if (wasOnline) watcher.offline(userId);
	}

	/** Asks the channels of plain clients whether they are still there. */
	async #check(): Promise<void> {
		this.#checkSoon();
		const { userId, has } = this.#init;
		await Promise.all(
			this.#plain.map(async ({ id, channel }) => {
				if (!(await has(String(channel), String(id))))
					await this.depart(userId, String(id), GRACE_AFTER_LOSS);
			}),
		);
	}

	/** The connections of plain clients. */
	get #plain(): readonly SqlRow[] {
		return this.#init.tables.read(
			'online',
			'SELECT id, channel FROM online WHERE channel IS NOT NULL',
		);
	}

	#checkSoon(): void {
		const { alarm, host } = this.#init;
		alarm.ringBy(host.now() + USER_CHECK);
	}

	get #hasConnections(): boolean {
		return this.#init.tables.read('online', 'SELECT 1 FROM online LIMIT 1').length > 0;
	}
}
