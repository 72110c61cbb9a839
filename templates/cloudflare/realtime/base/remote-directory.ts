import type { ChannelPort, Directory, UserPort } from '../../../realtime/define/api/directory.ts';
import type { Site } from '../../../realtime/define/site.ts';
import { resolveTarget } from '../../../realtime/server/targets.ts';
import { ask, type ObjectStub } from './object-calls.ts';
import { channelName, userName } from './object-name.ts';

/** Reaches channels and users in their objects. Each call is a billed request. */
export class RemoteDirectory implements Directory {
	/** The runtime runs about six calls of a request side by side, and lets the others wait. */
	readonly width: number = 6;
	readonly #object: (name: string) => ObjectStub;
	readonly #site: () => Site | undefined;

	constructor(object: (name: string) => ObjectStub, site: () => Site | undefined) {
		this.#object = object;
		this.#site = site;
	}

	channel(file: string, params: Readonly<Record<string, string>>): ChannelPort {
		const { key } = resolveTarget(this.#site(), file, params);
		const object = (): ObjectStub => this.#object(channelName(key));
		return {
			publish: async (message) => (await ask(object(), 'publish', [message]))[0],
			snapshot: (snapshot) => ask(object(), 'snapshot', snapshot),
			history: (range) => ask(object(), 'history', range),
			members: () => ask(object(), 'members'),
			disconnect: (userId) => ask(object(), 'disconnect', userId),
		};
	}

	user(userId: string): UserPort {
		const object = (): ObjectStub => this.#object(userName(userId));
		return {
			send: (data) => ask(object(), 'send', data),
			isOnline: () => ask(object(), 'isOnline'),
		};
	}
}
