import type { Data } from '../protocol/frame-content.ts';
import type { WritableStore } from './base/store.ts';
import type { EventContext, Gap, Member, Presence, Status } from './base/types.ts';

/** A handle, as the room sees it that it shares with others. */
export interface Participant {
	/**
	 * Where the handle is in the stream of messages: the position of the last one taken, or the one to
	 * continue from. Before the first join also the number of kept messages to begin with, or undefined
	 * to begin now.
	 */
	since: string | number | undefined;
	readonly onGap: (gap: Gap) => void;
	readonly status: WritableStore<Status>;
	/** Absent in a client without presence. */
	readonly presence: HandlePresence | undefined;
	take(name: string, data: unknown, context: EventContext): void;
	leave(): void;
}

/** The presence that a handle shows. */
export interface HandlePresence {
	/** What the site sees. */
	readonly store: Presence;
	/** This client's own data, undefined for none. */
	own(): unknown;
	show(members: readonly Member[], count: number): void;
}

/** A message of a handle that is not answered. */
export interface Sending {
	readonly sender: Participant;
	readonly name: string;
	readonly data: Data;
	/** {@link UNSENT}, {@link LOST}, or the number that the session knows it by. */
	id: number;
	/** The ref of the newest join that it was written in. */
	ref?: number;
	/** Rejects with an error, or resolves with the result. */
	end(error?: unknown, result?: unknown): void;
}

/** The id of a message that was never written to a socket. */
export const UNSENT = 0;
/** The id of a message that was sent in a session that is gone. */
export const LOST: number = -1;

/** The position of a handle, if it has one. */
export function positionOf(participant: Participant | undefined): string | undefined {
	const since = participant?.since;
	return typeof since === 'string' ? since : undefined;
}
