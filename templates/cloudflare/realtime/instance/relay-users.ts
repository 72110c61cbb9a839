import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { GRACE_AFTER_LOSS } from '../../../realtime/channel/limits.ts';
import type { Host } from '../../../realtime/channel/ports.ts';
import type { Data } from '../../../realtime/protocol/server-frames.ts';
import type { UserEngine } from '../../../realtime/user/user-engine.ts';
import type { Tables } from '../../engine/tables.ts';
import { ask, type ObjectStub } from '../base/object-calls.ts';

/**
 * The users of plain clients. Such a client has one connection, to its channel, so the object of its
 * user sends through the object of the channel, which tells it also of those that died with it.
 */
export class RelayUsers implements UserEngine {
	readonly #object: (userId: string) => ObjectStub;
	readonly #key: ChannelKey;
	readonly #tables: Tables;
	readonly #host: Pick<Host, 'waitUntil'>;

	constructor(
		object: (userId: string) => ObjectStub,
		key: ChannelKey,
		tables: Tables,
		host: Pick<Host, 'waitUntil'>,
	) {
		this.#object = object;
		this.#key = key;
		this.#tables = tables;
		this.#host = host;
	}

	async enter(userId: string, connectionId: string): Promise<void> {
		this.#tables.write(
			'online',
			'REPLACE INTO online (id, channel) VALUES (?, ?)',
			connectionId,
			userId,
		);
		await ask(this.#object(userId), 'enter', connectionId, this.#key);
	}

	async depart(userId: string, connectionId: string, delay: number): Promise<void> {
		await ask(this.#object(userId), 'depart', connectionId, delay);
		this.#tables.change('online', 'DELETE FROM online WHERE id = ?', connectionId);
	}

	/** Connections that did not live through a sleep are lost. */
	restore(connected: ReadonlySet<string>): void {
		for (const { id, channel } of this.#tables.read('online', 'SELECT id, channel FROM online')) {
			if (!connected.has(String(id)))
				this.#host.waitUntil(this.depart(String(channel), String(id), GRACE_AFTER_LOSS));
		}
	}

	isOnline(userId: string): Promise<boolean> {
		return ask(this.#object(userId), 'isOnline');
	}

	send(userId: string, data: Data): Promise<void> {
		return ask(this.#object(userId), 'send', data);
	}
}
