/** `zastro:realtime/client`: channels for pages and other clients. */

import type { RealtimeError } from '../../protocol/errors.ts';
import type { GapReason } from '../../protocol/server-frames.ts';
import type {
	Channel,
	Member,
	ParamsArguments,
	PresenceType,
	ReceivedOf,
} from './channel-types.ts';
import type { DataArguments, Empty } from './value-types.ts';

/**
 * A value that changes, as Nano Stores and Svelte know it. The types of Nano Stores' bindings ask for
 * all members.
 */
export interface Store<Value> {
	readonly value: Value;
	/** The first value, which a server renders: `useStore(store, { ssr: 'initial' })` of React. */
	readonly init: Value;
	/** The number of listeners. */
	readonly lc: number;
	get(): Value;
	/** Calls back when the value changes. Returns what ends it. */
	listen(listener: (value: Value, oldValue?: Value) => void): () => void;
	/** Calls back at once, and when the value changes. Returns what ends it. */
	subscribe(listener: (value: Value, oldValue?: Value) => void): () => void;
	/** Calls the listeners with the value. */
	notify(oldValue?: Value): void;
	/** Removes all listeners. */
	off(): void;
	/** Whether two values are the same. */
	eq(oldValue: Value | undefined, newValue: Value): boolean;
}

export interface RoomStatus {
	readonly state: 'connecting' | 'open' | 'waiting' | 'refused' | 'closed';
	readonly error?: RealtimeError;
	/** When the next attempt starts: milliseconds since 1970. */
	readonly retryAt?: number;
	/** Whether the server has newer channel files than this page. */
	readonly isOutdated?: boolean;
}

/** What a listener gets beside the data. */
export interface EventDetails<Ephemeral = boolean> {
	/** The id that its publisher gave it. */
	readonly id: string | undefined;
	/** Milliseconds since 1970, undefined for an ephemeral event. */
	readonly at: true extends Ephemeral ? number | undefined : number;
	/** Undefined for an ephemeral event. */
	readonly position: true extends Ephemeral ? string | undefined : string;
	/** The connection whose message led to it. */
	readonly from: string | undefined;
	/** Whether it stands for all earlier messages: replace what the page shows. */
	readonly isSnapshot: boolean;
}

export interface ListenOptions {
	/** Ends the subscription. */
	readonly signal?: AbortSignal | undefined;
}

export interface SendOptions {
	/** Milliseconds. */
	readonly timeout?: number | undefined;
	readonly signal?: AbortSignal | undefined;
}

export interface PresenceStore<Given, Received> extends Store<readonly Member<Received>[]> {
	/** The number of members. Above 500, or 256 KiB of their data, it is all that is known. */
	readonly count: Store<number>;
	/** Replaces what this client says of itself. */
	update(data: Given): void;
}

/** A joined channel, on the client. */
export interface Room<Messages, Events, Presence> {
	/** Listens to an event. Returns what ends it. */
	on<Name extends keyof Events & string>(
		event: Name,
		listener: (
			data: ReceivedOf<Events[Name]>,
			details: EventDetails<
				Events[Name] extends { readonly ephemeral: infer Ephemeral } ? Ephemeral : boolean
			>,
		) => void,
		options?: ListenOptions,
	): () => void;
	/** Resolves with the handler's result. */
	send<Name extends keyof Messages & string>(
		message: Name,
		...data: SendArguments<Messages[Name]>
	): Promise<ResultOf<Messages[Name]>>;
	readonly presence: Presence extends PresenceType<infer Given, infer Received>
		? PresenceStore<Given, Received>
		: undefined;
	readonly status: Store<RoomStatus>;
	/** The position of the last message, undefined before the first join. */
	readonly position: string | undefined;
	leave(): void;
}
type SendArguments<Message> = Message extends (data: infer Data) => unknown
	? DataArguments<Data, SendOptions>
	: never;
type ResultOf<Message> = Message extends (data: never) => infer Result ? Result : never;

/** A joined channel in the short form, on the client. */
export interface PlainRoom<Data> {
	on(
		event: 'message',
		listener: (data: unknown, details: EventDetails) => void,
		options?: ListenOptions,
	): () => void;
	send(message: 'message', ...data: DataArguments<Data, SendOptions>): Promise<unknown>;
	readonly status: Store<RoomStatus>;
	leave(): void;
}

export interface Gap {
	readonly reason: GapReason;
	/** The channel goes on after it. */
	readonly position: string;
}

export interface JoinOptions {
	/** Leaves when it is aborted. */
	readonly signal?: AbortSignal | undefined;
}
interface WithPast {
	/** The position of the last message that the page has, or the number of earlier messages. */
	readonly since?: string | { readonly last: number } | undefined;
	/** Called when messages were missed for good. Fetch again what the page shows. */
	readonly onGap: (gap: Gap) => void;
}
interface WithoutPast {
	/** The position of the last message that the page has. This channel keeps no messages. */
	readonly since?: string | undefined;
	/** Called when messages were missed. */
	readonly onGap?: ((gap: Gap) => void) | undefined;
}
type WithPresence<Presence> =
	Presence extends PresenceType<infer Given, unknown>
		? {
				/** What this client says of itself. Without it, the client watches and is not listed. */
				readonly presence?: Given | undefined;
			}
		: Empty;
type JoinArguments<Presence, History> = Optional<
	JoinOptions & (History extends true ? WithPast : WithoutPast) & WithPresence<Presence>
>;
type Optional<Options> = Empty extends Options ? [options?: Options] : [options: Options];

/** An instance of a channel, on the client. */
export interface ClientAddress<Messages, Events, Presence, History> {
	join(...options: JoinArguments<Presence, History>): Room<Messages, Events, Presence>;
}

/** An instance of a channel in the short form, on the client. */
export interface ClientPlainAddress<Data> {
	join(options?: JoinOptions & WithoutPast): PlainRoom<Data>;
}

/** `channels.rooms` on the client. `Module` is the type of the channel's file. */
export type OpenOnClient<Module, Params> = (
	...params: ParamsArguments<Params>
) => AddressOnClient<Module>;
type AddressOnClient<Module> = 0 extends 1 & Module
	? Module
	: Module extends { default: infer Exported }
		? Exported extends Channel<infer Messages, infer Events, infer Presence, infer History>
			? ClientAddress<Messages, Events, Presence, History>
			: Exported extends (message: infer Message) => unknown
				? ClientPlainAddress<Message extends { readonly data: infer Data } ? Data : unknown>
				: never
		: never;

export interface ClientSocket {
	/** Listens to what `socket.send()` and `socket.to().send()` send to this user. */
	on(event: 'message', listener: (data: unknown) => void, options?: ListenOptions): () => void;
}
