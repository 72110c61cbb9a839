import type { Data } from '../../../realtime/protocol/server-frames.ts';
import type { UserEngine, UserWatcher } from '../../../realtime/user/user-engine.ts';
import { USER_GROUP } from '../../engine/groups.ts';
import { readMessage, writeInbox } from '../../engine/message.ts';
import type { Names } from '../connection/names.ts';
import type { Requests } from '../connection/requests.ts';
import type { Subjects } from '../connection/subjects.ts';
import type { Membership } from './membership.ts';
import type { UserGroups } from './user-groups.ts';

export interface NatsUsersInit {
	readonly requests: Pick<Requests, 'tell'>;
	readonly subjects: Pick<Subjects, 'keep'>;
	readonly names: Names;
	readonly membership: Membership;
	readonly groups: UserGroups;
	readonly watcher: UserWatcher;
}

/** The users of all processes. Each is the group of its connections. */
export class NatsUsers implements UserEngine {
	readonly #init: NatsUsersInit;
	/** The subscriptions to the messages of the users of this process. */
	readonly #inboxes = new Map<string, () => void>();

	constructor(init: NatsUsersInit) {
		this.#init = init;
	}

	async enter(userId: string, connectionId: string): Promise<void> {
		// The server reads the subscription before the member.
		this.#listen(userId);
		await this.#init.membership.enter(USER_GROUP + userId, connectionId, '');
	}

	async depart(userId: string, connectionId: string, delay: number): Promise<void> {
		this.#init.membership.depart(USER_GROUP + userId, connectionId, delay);
	}

	/** The last connection of a user to this process has departed. */
	left(userId: string): void {
		this.#inboxes.get(userId)?.();
		this.#inboxes.delete(userId);
	}

	async isOnline(userId: string): Promise<boolean> {
		const { membership, groups } = this.#init;
		return membership.has(USER_GROUP + userId) || (await groups.isOnline(userId));
	}

	async send(userId: string, data: Data): Promise<void> {
		const { requests, names } = this.#init;
		requests.tell({ subject: names.inbox(userId), payload: writeInbox(userId, data) });
	}

	#listen(userId: string): void {
		if (this.#inboxes.has(userId)) return;
		const { subjects, names, watcher } = this.#init;
		const end = subjects.keep(names.inbox(userId), ({ data }) => {
			const message = readMessage(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
			if (message.type === 'inbox') watcher.message(message.userId, message.data);
		});
		this.#inboxes.set(userId, end);
	}
}
