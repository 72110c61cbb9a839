import type { Host } from '../../../realtime/channel/ports.ts';
import { TRY_AGAIN_LATER } from '../../../realtime/server/limits.ts';
import type { ObjectContext, ObjectSocket } from '../base/platform.ts';

/**
 * Milliseconds within which a client was heard that needs no question. Clients ping after 25 s of
 * silence, and the runtime answers without waking the object.
 */
const HEARD_WITHIN = 45_000;
/** Milliseconds for the answer to a question. */
const ANSWER_TIME = 15_000;

/** A connection that can be asked for a sign of life. */
export interface Askable {
	/** Makes the client send something. */
	ask(): void;
}

export interface LifeCheckInit {
	readonly host: Pick<Host, 'now' | 'alarm'>;
	/** Knows when clients pinged. */
	readonly context: Pick<ObjectContext, 'getWebSocketAutoResponseTimestamp'>;
	/** Closes the connection of a client that did not answer. */
	readonly cut: (socket: ObjectSocket, code: number, reason: string) => void;
}

/**
 * Finds connections that died without a close. Their clients are asked once, and only those that
 * did not ping: a client in a busy channel need not ping, and one in a hidden page can do so once a
 * minute at most.
 */
export class LifeCheck {
	readonly #init: LifeCheckInit;
	readonly #asked = new Set<ObjectSocket>();
	#cancel: (() => void) | undefined;

	constructor(init: LifeCheckInit) {
		this.#init = init;
	}

	/** Asks whoever was not heard of late. */
	start(connections: Iterable<[ObjectSocket, Askable]>): void {
		for (const [socket, connection] of connections) {
			if (this.#wasHeard(socket) || this.#asked.has(socket)) continue;
			this.#asked.add(socket);
			connection.ask();
		}
		// The timer keeps the object awake, so that it does not forget whom it asked.
		if (this.#asked.size > 0) {
			this.#cancel ??= this.#init.host.alarm(ANSWER_TIME, () => this.#end());
		}
	}

	/** The client has sent something, or its connection has ended. */
	heard(socket: ObjectSocket): void {
		if (!this.#asked.delete(socket) || this.#asked.size > 0) return;
		this.#cancel?.();
		this.#cancel = undefined;
	}

	#end(): void {
		this.#cancel = undefined;
		const silent = [...this.#asked];
		this.#asked.clear();
		for (const socket of silent) {
			if (this.#wasHeard(socket)) continue;
			this.#init.cut(socket, TRY_AGAIN_LATER, 'The client gave no sign of life.');
		}
	}

	#wasHeard(socket: ObjectSocket): boolean {
		const { context, host } = this.#init;
		const heardAt = context.getWebSocketAutoResponseTimestamp(socket)?.getTime();
		return heardAt !== undefined && host.now() - heardAt < HEARD_WITHIN;
	}
}
