import type { Data } from '../../../realtime/protocol/server-frames.ts';
import type { UserEngine } from '../../../realtime/user/user-engine.ts';
import { USER_GROUP } from '../../engine/groups.ts';
import { writeInbox } from '../../engine/message.ts';
import type { Commands } from '../connection/commands.ts';
import type { Keys } from '../connection/keys.ts';
import { SEND } from '../scripts/membership.ts';
import type { Membership } from './membership.ts';

export interface RedisUsersInit {
	readonly commands: Pick<Commands, 'run' | 'send'>;
	readonly keys: Keys;
	readonly membership: Membership;
}

/** The users of all processes. Each is the group of its connections. */
export class RedisUsers implements UserEngine {
	readonly #init: RedisUsersInit;

	constructor(init: RedisUsersInit) {
		this.#init = init;
	}

	async enter(userId: string, connectionId: string): Promise<void> {
		await this.#init.membership.enter(USER_GROUP + userId, connectionId, '');
	}

	async depart(userId: string, connectionId: string, delay: number): Promise<void> {
		this.#init.membership.depart(USER_GROUP + userId, connectionId, delay);
	}

	async isOnline(userId: string): Promise<boolean> {
		const { commands, keys, membership } = this.#init;
		if (membership.has(USER_GROUP + userId)) return true;
		return (await commands.send('EXISTS', keys.user(userId))) === 1;
	}

	async send(userId: string, data: Data): Promise<void> {
		const { commands, keys } = this.#init;
		await commands.run(SEND, [keys.user(userId)], [keys.processes, writeInbox(userId, data)]);
	}
}
