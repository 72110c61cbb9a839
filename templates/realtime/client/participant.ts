import type { Data } from '../protocol/frame-content.ts';
import type { WritableStore } from './store.ts';
import type { EventContext, Gap, Member, Status } from './types.ts';

/** A handle, as the join sees it that it shares with others. */
export interface Participant {
	/** The last message taken, or the one to continue from. Undefined before the first join. */
	position: string | undefined;
	/** The number of kept messages to begin with, if there is no position yet. */
	readonly last: number | undefined;
	/** This client's presence data, undefined for none. */
	presence: unknown;
	readonly onGap: ((gap: Gap) => void) | undefined;
	readonly status: WritableStore<Status>;
	readonly members: WritableStore<readonly Member[]>;
	readonly count: WritableStore<number>;
	take(name: string, data: unknown, context: EventContext): void;
}

/** A message of a handle that is not answered. */
export interface Sending {
	readonly sender: Participant;
	readonly name: string;
	readonly data: Data;
	/** 0 until it is written to a socket. */
	id: number;
	/** Whether the session that knew the id is gone. */
	isLost: boolean;
	resolve(result?: unknown): void;
	reject(error: unknown): void;
}
