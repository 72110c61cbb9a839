import type { ChannelPort, Directory, UserPort } from '../../realtime/define/api/directory.ts';
import type { Site } from '../../realtime/define/site.ts';
import { resolveTarget } from '../../realtime/server/targets.ts';
import { CALL_VERSION, type ObjectCalls, unwrap } from './object-calls.ts';
import { channelName, userName } from './object-name.ts';

/** Reaches channels and users in their objects. Each call is a billed request. */
export class RemoteDirectory implements Directory {
	/** The runtime runs about six calls of a request side by side, and lets the others wait. */
	readonly width: number = 6;
	readonly #calls: (name: string) => ObjectCalls;
	readonly #site: () => Site | undefined;

	/** @param calls The object of a name. */
	constructor(calls: (name: string) => ObjectCalls, site: () => Site | undefined) {
		this.#calls = calls;
		this.#site = site;
	}

	channel(file: string, params: Readonly<Record<string, string>>): ChannelPort {
		const { key } = resolveTarget(this.#site(), file, params);
		const object = (): ObjectCalls => this.#calls(channelName(key));
		return {
			publish: async (message) => {
				const [position] = await unwrap(object().publish(CALL_VERSION, [message]));
				return position;
			},
			snapshot: (snapshot) => unwrap(object().snapshot(CALL_VERSION, snapshot)),
			history: (range) => unwrap(object().history(CALL_VERSION, range)),
			members: () => unwrap(object().members(CALL_VERSION)),
			disconnect: (userId) => unwrap(object().disconnect(CALL_VERSION, userId)),
		};
	}

	user(userId: string): UserPort {
		const object = (): ObjectCalls => this.#calls(userName(userId));
		return {
			send: (data) => unwrap(object().send(CALL_VERSION, data)),
			isOnline: () => unwrap(object().isOnline(CALL_VERSION)),
		};
	}
}
