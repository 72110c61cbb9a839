import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type { UserPort } from '../../../realtime/define/api/directory.ts';
import type { Data } from '../../../realtime/protocol/server-frames.ts';
import type { UserEngine } from '../../../realtime/user/user-engine.ts';
import { ask, type ObjectStub } from '../base/object-calls.ts';

/**
 * The users of plain clients. Such a client has one connection, to its channel, so the object of its
 * user sends through the object of the channel.
 */
export class RelayUsers implements UserEngine {
	readonly #object: (userId: string) => ObjectStub;
	readonly #port: (userId: string) => UserPort;
	readonly #key: ChannelKey;

	constructor(
		object: (userId: string) => ObjectStub,
		port: (userId: string) => UserPort,
		key: ChannelKey,
	) {
		this.#object = object;
		this.#port = port;
		this.#key = key;
	}

	async enter(userId: string, connectionId: string): Promise<void> {
		await ask(this.#object(userId), 'enter', connectionId, this.#key);
	}

	async depart(userId: string, connectionId: string, delay: number): Promise<void> {
		await ask(this.#object(userId), 'depart', connectionId, delay);
	}

	isOnline(userId: string): Promise<boolean> {
		return this.#port(userId).isOnline();
	}

	send(userId: string, data: Data): Promise<void> {
		return this.#port(userId).send(data);
	}
}
