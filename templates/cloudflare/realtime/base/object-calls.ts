import type { ChannelKey } from '../../../realtime/channel/key.ts';
import type {
	NewSnapshot,
	Past,
	PublishedMessage,
} from '../../../realtime/define/api/directory.ts';
import {
	type ErrorData,
	errorData,
	isRealtimeError,
	RealtimeError,
} from '../../../realtime/protocol/errors.ts';
import type { Data, PresentMember } from '../../../realtime/protocol/server-frames.ts';
import type { RealtimeStats } from '../../../realtime/server/stats.ts';

/**
 * The version of what a Worker and an object say to each other. For minutes after a deploy, the
 * Worker is newer than an object that has not slept since. Raise it for a change that one of them
 * would misunderstand.
 */
export const CALL_VERSION = 1;

export type HistoryRange =
	| { readonly last: number }
	| { readonly since: string; readonly limit: number };

/** What a Worker asks of an object. */
export interface ObjectCalls {
	/** Publishes messages in their order. Stops at the first one that fails. */
	publish(messages: readonly PublishedMessage[]): Promise<readonly (string | undefined)[]>;
	snapshot(snapshot: NewSnapshot): Promise<boolean>;
	history(range: HistoryRange): Promise<Past>;
	members(): Promise<readonly PresentMember[]>;
	disconnect(userId: string): Promise<void>;
	stats(): Promise<RealtimeStats>;
	/** Sends to the inbox of the object's user. */
	send(data: Data): Promise<void>;
	isOnline(): Promise<boolean>;
	/** A plain client of the object's user is in a channel. */
	enter(connectionId: string, channel: ChannelKey): Promise<void>;
	/** It leaves after a number of milliseconds, unless it enters again before. */
	depart(connectionId: string, delay: number): Promise<void>;
	/** Sends to the plain clients of a user in the object's channel. */
	deliver(userId: string, data: Data): Promise<void>;
	/** Whether the object's channel has a connection of a plain client of a user. */
	has(userId: string, connectionId: string): Promise<boolean>;
}

/** An object, as its binding gives it. */
export interface ObjectStub {
	/** A handshake that {@link writeHandover} describes. */
	fetch(request: Request): Promise<Response>;
	/** All of {@link ObjectCalls}, by their names. */
	call(version: number, name: keyof ObjectCalls, given: readonly unknown[]): Promise<Answer>;
}

/** An answer that keeps the code of an error, which errors of other kinds lose on the way. */
export type Answer = { readonly value: unknown } | { readonly error: ErrorData };

/** Answers a call in the object. Errors that are not meant for callers are thrown as they are. */
export async function answerCall(
	object: ObjectCalls,
	...[version, name, given]: Parameters<ObjectStub['call']>
): Promise<Answer> {
	try {
		if (version !== CALL_VERSION) throw new RealtimeError(OTHER_VERSION);
		const call = object[name] as (...given: readonly unknown[]) => Promise<unknown>;
		return { value: await call.apply(object, [...given]) };
	} catch (error) {
		if (!isRealtimeError(error)) throw error;
		return { error: errorData(error) };
	}
}

/**
 * Asks an object, in the Worker or in another object.
 *
 * @throws RealtimeError as the object threw it. `TIMEOUT` if the call broke off: the object may have
 * done what it was asked.
 */
export async function ask<Name extends keyof ObjectCalls>(
	object: Pick<ObjectStub, 'call'>,
	name: Name,
	...given: Parameters<ObjectCalls[Name]>
): Promise<Awaited<ReturnType<ObjectCalls[Name]>>> {
	let answer: Answer;
	try {
		answer = await object.call(CALL_VERSION, name, given);
	} catch (error) {
		// The sender of a message may get this error, so what failed is for the log alone.
		const failure = new RealtimeError({ code: 'TIMEOUT', message: "The channel's object failed." });
		throw Object.assign(failure, { cause: error });
	}
	if ('error' in answer) throw new RealtimeError(answer.error);
	return answer.value as Awaited<ReturnType<ObjectCalls[Name]>>;
}

const OTHER_VERSION: ErrorData = {
	code: 'SERVICE_UNAVAILABLE',
	message: 'The Worker and this channel run different versions: try again.',
	retryAfter: 5000,
};
