/** The types that a site sees of the client. */

import type { RealtimeError } from '../../protocol/errors.ts';
import type { GapReason } from '../../protocol/server-frames.ts';
import type { Store } from './store.ts';

/** The state of a channel's handle, or of the connection. */
export interface Status {
	/**
	 * `waiting`: the connection is lost, the next attempt is at `retryAt`. `refused`: the server
	 * refused the join, or ended it.
	 */
	readonly state: 'connecting' | 'open' | 'waiting' | 'refused' | 'closed';
	/** Also while `waiting`, if no attempt succeeded yet. */
	readonly error?: RealtimeError;
	/** Milliseconds since 1970. Absent if the next attempt waits for the page to come back. */
	readonly retryAt?: number;
	/** Whether the server runs another version of the site's channel files than this client. */
	readonly isOutdated?: boolean;
}

export interface Gap {
	/**
	 * `trimmed`: the messages are no longer kept. `restarted`: the channel began anew. `not kept`:
	 * the channel keeps no messages.
	 */
	readonly reason: GapReason;
	/** The position after which the channel goes on. */
	readonly position: string;
}

/** What comes with a message. `id`, `at` and `position` are undefined for an ephemeral one. */
export interface EventContext {
	/** The publisher's own id of the message. */
	readonly id: string | undefined;
	/** Milliseconds since 1970. */
	readonly at: number | undefined;
	readonly position: string | undefined;
	/** The sender's connection, undefined for a message of the server. */
	readonly from: string | undefined;
	/** Whether the message stands for all earlier ones. */
	readonly isSnapshot: boolean;
}

export interface ListenOptions {
	/** Ends the listening when it is aborted. */
	readonly signal?: AbortSignal | undefined;
}

export interface SendOptions {
	/** Milliseconds until the promise rejects with `TIMEOUT`, 20,000 by default. */
	readonly timeout?: number | undefined;
	/** Rejects with the signal's reason. The message may have been sent. */
	readonly signal?: AbortSignal | undefined;
}

export interface JoinOptions<Presence = unknown> {
	/** A position to continue from, or the number of kept messages to begin with. */
	readonly since?: string | { readonly last: number } | undefined;
	/** This client's presence data. */
	readonly presence?: Presence | undefined;
	/** Called when messages were missed for good. */
	readonly onGap?: ((gap: Gap) => void) | undefined;
	/** Leaves the channel when it is aborted. */
	readonly signal?: AbortSignal | undefined;
}

export interface Member<Data = unknown, User = unknown> {
	readonly id: string;
	/** Absent for anonymous visitors. */
	readonly user?: User;
	readonly data: Data;
	/** Milliseconds since 1970. */
	readonly since: number;
}

/** The members of a channel, an empty list above 500 of them, or 256 KiB of their data. */
export interface Presence<Data = unknown, User = unknown, Own = Data>
	extends Store<readonly Member<Data, User>[]> {
	/** The number of members, also if they are not listed. */
	readonly count: Store<number>;
	/** Replaces this client's own presence data. */
	update(data: Own): void;
}

/** Messages that clients send: functions from data to result. */
export type Messages = Readonly<Record<string, (...data: never) => unknown>>;
/** Events that clients get: data by name. */
export type Events = Readonly<Record<string, unknown>>;
export type UntypedMessages = Readonly<Record<string, (data?: unknown) => unknown>>;

/** A joined channel. Handles with the same parameters share one join. */
export interface Handle<
	Sent = UntypedMessages,
	Received = Events,
	Data = unknown,
	User = unknown,
	Own = Data,
> {
	/** The position of the last message taken. Undefined until the channel is joined. */
	readonly position: string | undefined;
	readonly status: Store<Status>;
	readonly presence: Presence<Data, User, Own>;
	/**
	 * Calls a listener for each message of a name. The result ends it. A second after its last
	 * listener has gone the handle leaves the channel; it joins again where it was when it is used.
	 */
	on<Name extends keyof Received & string>(
		event: Name,
		listener: (data: Received[Name], context: EventContext) => void,
		options?: ListenOptions,
	): () => void;
	/**
	 * Resolves with the handler's result. An ephemeral message resolves with undefined at once.
	 *
	 * @throws RealtimeError `UNCERTAIN` if the server lost track of the message: it may have been
	 * handled. `TOO_MANY_REQUESTS` if 100 messages wait for a connection or an answer. `CLOSED` after
	 * `leave()`.
	 */
	send<Name extends keyof Sent & string>(
		message: Name,
		...args: [...DataOf<Sent[Name]>, options?: SendOptions]
	): Promise<ResultOf<Sent[Name]>>;
	leave(): void;
}

type DataOf<Message> = Message extends (...data: infer Data) => unknown ? Data : never;
type ResultOf<Message> = Message extends (...data: never) => infer Result ? Awaited<Result> : never;

/** A channel with its parameters. */
export interface Address<Joined = Handle, Options = JoinOptions> {
	join(options?: Options): Joined;
}

/** A channel of a site whose types are unknown, and a folder of channels. */
export interface UntypedChannel {
	(params?: Readonly<Record<string, string>>): Address;
	readonly [name: string]: UntypedChannel;
}

export interface UntypedChannels {
	readonly [name: string]: UntypedChannel;
}

/** Messages to the user, on all devices. */
export interface UserSocket {
	on(event: 'message', listener: (message: unknown) => void, options?: ListenOptions): () => void;
}
