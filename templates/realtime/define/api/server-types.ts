/** `zastro:realtime`: channels and users for the code of a server. */

import type { GapReason } from '../../protocol/server-frames.ts';
import type {
	Channel,
	KeptEvents,
	MemberOf,
	ParamsArguments,
	PublishedOf,
	ReceivedOf,
} from './channel-types.ts';
import type { DataArguments } from './value-types.ts';

/** A message that a channel kept. */
export interface KeptMessage<Event extends string, Data> {
	readonly event: Event;
	readonly data: Data;
	/** The id that its publisher gave it. */
	readonly id: string | undefined;
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly position: string;
	/** The connection whose message led to it. */
	readonly from: string | undefined;
	/** Whether it stands for all earlier messages. */
	readonly isSnapshot: boolean;
}

export interface History<Events> {
	/** Oldest first. A snapshot is the first one. */
	readonly messages: readonly {
		[Name in KeptEvents<Events>]: KeptMessage<Name, ReceivedOf<Events[Name]>>;
	}[KeptEvents<Events>][];
	/** Join with it as `since`, and no message is missing or doubled. */
	readonly position: string;
	/**
	 * Why messages after `since` are missing for good, as `onGap` tells it. `messages` has what came
	 * after them: after `restarted` that may be nothing, and `history()` has all that is kept.
	 */
	readonly gap: GapReason | undefined;
}

/** The newest `last` messages, or those after a position. Default: all. After a snapshot, the oldest. */
export type HistoryRange = { readonly last?: number | undefined } | { readonly since: string };

export interface PublishOptions {
	/** The channel keeps one message per id. */
	readonly id?: string | undefined;
}

export interface EphemeralPublishOptions {
	/** The id of a connection that does not get it. */
	readonly except?: string | undefined;
}

/** An instance of a channel, on the server. */
export interface ServerChannel<Events, Presence> {
	/**
	 * Publishes an event to all members. Resolves with its position once the channel has it, with
	 * undefined for an ephemeral event.
	 *
	 * @throws RealtimeError `BAD_REQUEST` for data that do not match the event's schema,
	 * `CONTENT_TOO_LARGE` above 256 KB, `TIMEOUT` if it is unknown whether the channel has it.
	 */
	publish<Name extends keyof Events & string>(
		event: Name,
		...data: DataArguments<
			PublishedOf<Events[Name]>,
			Events[Name] extends { readonly ephemeral: true } ? EphemeralPublishOptions : PublishOptions
		>
	): Promise<Events[Name] extends { readonly ephemeral: true } ? undefined : string>;
	/**
	 * Keeps an event in place of all messages up to a position. Who joins gets it, and then what came
	 * after the position. Members that have those messages get nothing.
	 *
	 * @returns whether the channel has it now. It comes too late if there is a newer snapshot, or if a
	 * message after the position is not kept any more: take the history again.
	 * @throws RealtimeError as `publish()` does.
	 */
	snapshot<Name extends KeptEvents<Events>>(
		event: Name,
		data: PublishedOf<Events[Name]>,
		upTo: string,
	): Promise<boolean>;
	history(range?: HistoryRange): Promise<History<Events>>;
	members(): Promise<readonly MemberOf<Presence>[]>;
	/** Ends all joins of a user, and refuses those under way. */
	disconnect(userId: string): Promise<void>;
}

/** An instance of a channel in the short form, on the server. */
export interface ServerPlainChannel {
	/** Sends to all who are connected. */
	publish(data: unknown): Promise<string>;
	disconnect(userId: string): Promise<void>;
}

/** `channels.rooms` on the server. `Module` is the type of the channel's file. */
export type OpenOnServer<Module, Params> = (
	...params: ParamsArguments<Params>
) => ServerAddress<Module>;
type ServerAddress<Module> = 0 extends 1 & Module
	? Module
	: Module extends { default: infer Exported }
		? Exported extends Channel<infer _, infer Events, infer Presence, infer __>
			? ServerChannel<Events, Presence>
			: ServerPlainChannel
		: never;

export interface ServerSocket {
	/**
	 * Sends to all connections of the user whose message is being handled, or to the visitor's
	 * connection. Only inside a handler.
	 */
	send<Message = unknown>(message: Message): Promise<void>;
	/** @param users At most 100 ids. */
	to(users: string | readonly string[]): {
		/**
		 * @throws Error whose `failed` lists the ids of the users that the message did not reach. The
		 * others got it.
		 */
		send<Message = unknown>(message: Message): Promise<void>;
	};
	/** Whether the user has a connection. */
	isOnline(userId: string): Promise<boolean>;
}
