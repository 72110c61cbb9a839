import type { ChannelKey } from '../../realtime/channel/key.ts';
import type { NewSnapshot, Past, PublishedMessage } from '../../realtime/define/api/directory.ts';
import { type ErrorData, isRealtimeError, RealtimeError } from '../../realtime/protocol/errors.ts';
import type { Data, PresentMember } from '../../realtime/protocol/server-frames.ts';
import type { RealtimeStats } from '../../realtime/server/stats.ts';

/**
 * The version of what a Worker and an object say to each other. For minutes after a deploy, the
 * Worker is newer than an object that has not slept since. Raise it for a change that one of them
 * would misunderstand.
 */
export const CALL_VERSION = 1;

export type HistoryRange =
	| { readonly last: number }
	| { readonly since: string; readonly limit: number };

/** An answer that keeps the code of an error, which errors of other kinds lose on the way. */
export type Answer<Value> = { readonly value: Value } | { readonly error: ErrorData };

/** What a Worker asks of an object. The version comes first. */
export interface ObjectCalls {
	/** A handshake that {@link writeHandover} describes. */
	fetch(request: Request): Promise<Response>;
	/** Publishes messages in their order. Stops at the first one that fails. */
	publish(
		version: number,
		messages: readonly PublishedMessage[],
	): Promise<Answer<readonly (string | undefined)[]>>;
	snapshot(version: number, snapshot: NewSnapshot): Promise<Answer<boolean>>;
	history(version: number, range: HistoryRange): Promise<Answer<Past>>;
	members(version: number): Promise<Answer<readonly PresentMember[]>>;
	disconnect(version: number, userId: string): Promise<Answer<void>>;
	stats(version: number): Promise<Answer<RealtimeStats>>;
	/** Sends to the inbox of the object's user. */
	send(version: number, data: Data): Promise<Answer<void>>;
	isOnline(version: number): Promise<Answer<boolean>>;
	/** A plain client of the object's user is in a channel. */
	enter(version: number, connectionId: string, channel: ChannelKey): Promise<Answer<void>>;
	/** It leaves after a number of milliseconds, unless it enters again before. */
	depart(version: number, connectionId: string, delay: number): Promise<Answer<void>>;
	/** Sends to the plain clients of a user in the object's channel. */
	deliver(version: number, userId: string, data: Data): Promise<Answer<void>>;
}

/** @throws RealtimeError for an object that has another version. */
export function checkVersion(version: number): void {
	if (version === CALL_VERSION) return;
	throw new RealtimeError({
		code: 'SERVICE_UNAVAILABLE',
		message:
			'The Worker and this channel run different versions. A deploy is under way: try again.',
		retryAfter: 5000,
	});
}

/** Runs a call in the object. Errors that are not meant for callers are thrown as they are. */
export async function answerCall<Value>(
	version: number,
	work: () => Promise<Value>,
): Promise<Answer<Value>> {
	try {
		checkVersion(version);
		return { value: await work() };
	} catch (error) {
		if (!isRealtimeError(error)) throw error;
		const { code, message, retryAfter, fields } = error;
		return {
			error: {
				code,
				message,
				...(retryAfter !== undefined && { retryAfter }),
				...(fields !== undefined && { fields }),
			},
		};
	}
}

/**
 * The value of a call, in the Worker.
 *
 * @throws RealtimeError as the object threw it. `TIMEOUT` if the call broke off: the object may have
 * done what it was asked.
 */
export async function unwrap<Value>(call: Promise<Answer<Value>>): Promise<Value> {
	let answer: Answer<Value>;
	try {
		answer = await call;
	} catch (error) {
		throw Object.assign(
			new RealtimeError({ code: 'TIMEOUT', message: `The channel's object failed: ${error}` }),
			{ cause: error },
		);
	}
	if ('error' in answer) throw new RealtimeError(answer.error);
	return answer.value;
}
