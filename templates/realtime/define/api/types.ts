/**
 * The types behind `zastro:realtime` and `zastro:realtime/client`. A site's generated declarations
 * fill {@link Register} and name the site's channels.
 */

import type { RealtimeError } from '../../protocol/errors.ts';
import type { GapReason } from '../../protocol/server-frames.ts';
import type { SentMessage } from './runtime.ts';
import type { Schema } from './schema.ts';

export type { RealtimeErrorCode } from '../../protocol/errors.ts';
export { RealtimeError } from '../../protocol/errors.ts';
export type { OpenInTest } from './test-types.ts';
export type { GapReason, Schema, SentMessage };

/**
 * What a site has. Its generated declarations add `user`, `params` (a union of names), `files`
 * (a union of paths), and `server`, `client` and `testing` (the channels of both sides, and of tests).
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is augmented
export interface Register {}

type Registered<Key extends string, Fallback> =
	Register extends Record<Key, infer Value> ? Value : Fallback;

/** The user that the `authenticate` of a `_middleware` gives, undefined for a visitor. */
export type UserOf<Middleware> = Middleware extends {
	authenticate: (...parameters: never) => infer Result;
}
	? Authenticated<Awaited<Result>>
	: undefined;
type Authenticated<Result> = Result extends Response
	? never
	: // biome-ignore lint/suspicious/noConfusingVoidType: `authenticate` may return nothing
		Result extends null | undefined | void
		? undefined
		: Result;

/** The site's users, and undefined for visitors. */
export type SiteUser = Registered<'user', { readonly id: string } | undefined>;
/** The names of the parameters of all channel files. */
export type SiteParams = Readonly<Record<Registered<'params', string>, string>>;
/** The paths of all channel files, as `defineChannel()` takes them. */
export type SiteFile = Registered<'files', string>;

/** `channels` of `zastro:realtime`. */
export type ServerChannels = Registered<'server', Empty>;
/** `channels` of `zastro:realtime/client`. */
export type ClientChannels = Registered<'client', Empty>;

/** The parameters of a path: `{ room: string }` for `'rooms/[room]'`. */
export type PathParams<Path extends string> = string extends Path
	? SiteParams
	: { readonly [Name in NamesIn<Path>]: string };
type NamesIn<Path extends string> = Path extends `${string}[${infer Name}]${infer Rest}`
	? Name | NamesIn<Rest>
	: never;

/** What JSON makes of a value. Bytes stay bytes. */
export type Json<Value> = 0 extends 1 & Value
	? Value
	: Value extends string | number | boolean | null | undefined | Uint8Array
		? Value
		: Value extends { toJSON(): infer Result }
			? Json<Result>
			: Value extends bigint | symbol | ((...parameters: never) => unknown)
				? never
				: Value extends readonly unknown[]
					? { [Key in keyof Value]: Json<Value[Key]> }
					: Value extends object
						? { [Key in keyof Value as Key extends symbol ? never : Key]: Json<Value[Key]> }
						: Value;

// Only `types` is matched: matching the whole of Standard Schema takes half again as long.
type InputOf<S> = S extends {
	readonly '~standard': { readonly types?: { readonly input: infer Input } | undefined };
}
	? Input
	: undefined;
type OutputOf<S> = S extends {
	readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined };
}
	? Output
	: undefined;

/** An object with no known members. */
type Empty = Record<never, never>;
type Maybe<Value> = Value | Promise<Value>;
/** The parameters for data that may be left out where it may be undefined. */
type DataArguments<Data, Options> = undefined extends Data
	? [data?: Data, options?: Options]
	: [data: Data, options?: Options];

// —— Channel files

/** Bytes: a schema of events, messages and their results. */
export interface BinarySchema extends Schema<Uint8Array | ArrayBuffer, Uint8Array> {
	readonly '~binary': { readonly max: number };
}

export interface BinaryOptions {
	/** The maximum number of bytes. Default: 65,536. */
	readonly max?: number;
}

export type EventDefinition =
	| Schema
	| {
			readonly schema: Schema;
			/** Whether it is not kept: slow clients may miss it. Default: false. */
			readonly ephemeral?: boolean;
	  };
type EventSchema<Definition> = Definition extends { readonly '~standard': unknown }
	? Definition
	: Definition extends { readonly schema: infer S }
		? S
		: never;
type IsEphemeral<Definition> = Definition extends { readonly ephemeral: infer Value }
	? true extends Value
		? true
		: false
	: false;

/** An event's data as the server publishes it and as clients get it. */
export interface EventType<Published = unknown, Received = unknown, Ephemeral = boolean> {
	readonly published: Published;
	readonly received: Received;
	readonly ephemeral: Ephemeral;
}

/** Presence data as clients give it and as everyone gets it. */
export interface PresenceType<Given = unknown, Received = unknown> {
	readonly given: Given;
	readonly received: Received;
}

/** What a channel file exports, without its schemas. */
export interface Channel<Messages, Events, Presence, History extends boolean> {
	readonly '~channel': {
		readonly messages: Messages;
		readonly events: Events;
		readonly presence: Presence;
		readonly history: History;
	};
}

// The mapped types stand here in full: an alias would show the schemas in every hover.
type Defined<Inputs, Results, Events, Presence, Of, Server, History> = Channel<
	{
		[Name in keyof Results]: (
			data: InputOf<Name extends keyof Inputs ? Inputs[Name] : undefined>,
		) => Json<Awaited<Results[Name]>>;
	},
	{
		[Name in keyof Events]: EventType<
			InputOf<EventSchema<Events[Name]>>,
			Json<OutputOf<EventSchema<Events[Name]>>>,
			IsEphemeral<Events[Name]>
		>;
	},
	[Presence, Of, Server] extends [undefined, undefined, undefined]
		? undefined
		: PresenceType<
				PresenceGiven<Presence>,
				Flat<
					Json<PresenceParsed<Presence>> &
						Json<Awaited<Server> extends object ? Awaited<Server> : object>
				>
			>,
	[History] extends [undefined] ? false : true
>;
type Flat<Value> = { [Key in keyof Value]: Value[Key] };
type PresenceGiven<Presence> = Presence extends Schema ? InputOf<Presence> : undefined;
type PresenceParsed<Presence> = Presence extends Schema ? OutputOf<Presence> : object;

/** A client's connection to a channel. */
export interface Connection<Data = unknown, Events = Record<string, EventType>> {
	readonly id: string;
	/** The site's own data of this connection and channel: JSON, at most 8 KB. */
	data: Data;
	/** Sends an event to this connection alone. A slow client may miss it. */
	send<Name extends keyof Events & string>(
		event: Name,
		...data: DataArguments<PublishedOf<Events[Name]>, []>
	): Promise<void>;
}
type PublishedOf<Event> = Event extends { readonly published: infer Data } ? Data : never;
export type ReceivedOf<Event> = Event extends { readonly received: infer Data } ? Data : never;
type EventsOf<Definitions> = {
	[Name in keyof Definitions]: EventType<
		InputOf<EventSchema<Definitions[Name]>>,
		Json<OutputOf<EventSchema<Definitions[Name]>>>,
		IsEphemeral<Definitions[Name]>
	>;
};

/** What `authorize` is asked about, and what `presence.server` gets. */
export interface MemberContext<User, Params> {
	readonly user: User;
	readonly params: Params;
}

/** What the hooks of a channel get. */
export interface ChannelContext<Events, Presence, Data, User, Params>
	extends MemberContext<User, Params> {
	readonly channel: ServerChannel<EventsOf<Events>, PresenceInHandlers<Presence>>;
	readonly connection: Connection<Data, EventsOf<Events>>;
}
// Without what the server says, which would have to be inferred before the handlers.
type PresenceInHandlers<Presence> = PresenceType<
	PresenceGiven<Presence>,
	Json<PresenceParsed<Presence>>
>;

/** What a handler gets beside the message's data. */
export interface HandlerContext<Events, Presence, Data, User, Params>
	extends ChannelContext<Events, Presence, Data, User, Params> {
	/** Aborted after `timeout`. */
	readonly signal: AbortSignal;
	readonly requestId: string;
}

/** A message that clients may send. */
export interface MessageDefinition<S, Context> {
	/** The schema of the data. A message without it carries nothing. */
	readonly input?: unknown extends S ? Schema : S extends Schema ? S : Schema;
	/** Its result is the result of the client's `send()`. */
	readonly handler: (data: OutputOf<S>, context: Context) => unknown;
	/** Whether it may be lost. It is never answered or sent again. Default: false. */
	readonly ephemeral?: boolean;
	/** Whether it may be handled twice, after a failure of the server. Default: false. */
	readonly idempotent?: boolean;
}
/** A second view of the handler, from which its result is inferred. */
interface Returns<Result> {
	readonly handler: (...parameters: never) => Result;
}

export type PresenceUnit = 'user' | 'connection';

/** At least one of them is needed. */
export interface PresenceOptions<S, Of, Server, User, Params> {
	/** The schema of what clients say of themselves. Without it they say nothing. */
	readonly schema?: S;
	/** Whether a user with several connections is one member. Default: `'user'`. */
	readonly of?: Of;
	/** What the server says of a member. It wins over what the client says. */
	readonly server?: (member: MemberContext<User, Params>) => Server;
}

export interface HistoryOptions {
	/** The maximum number of messages. Default: 100. */
	readonly size?: number;
	/** Seconds. Default: 300. */
	readonly ttl?: number;
}

declare const suggested: unique symbol;

/**
 * Editors suggest no names for the value of an inferred type parameter: they take them from here. No
 * other type is identical, so the parameter is inferred from every value.
 */
interface SuggestedHistory extends HistoryOptions {
	readonly [suggested]?: never;
}

/** A message from a client, for the hooks on messages and for handlers in the short form. */
export interface RealtimeMessage<Data = unknown> {
	readonly connection: Connection;
	readonly data: Data;
	/** A unique id. */
	readonly requestId: string;
	/** Undefined for a visitor. */
	readonly user: SiteUser;
	/** The message's name, absent in the short form. */
	readonly name?: string;
	/** The channel's name: `teams/rooms`. */
	readonly channel: string;
	readonly params: Readonly<Record<string, string>>;
}

/** Hooks on messages. `null` switches one off that a `_middleware` or the default has. */
export interface MessageHooks {
	readonly onMessageReceived?: ((message: RealtimeMessage) => unknown) | null;
	readonly onMessageSent?: ((message: SentMessage) => unknown) | null;
	/** Gets the message whose handler failed, if it is one. */
	readonly onError?: ((error: unknown, message?: RealtimeMessage) => unknown) | null;
}

type WhoMayJoin = 'users' | 'anyone';
type Admitted<User, Anonymous, Who> = true extends Anonymous
	? User
	: // A function leaves `Who` at its constraint.
		[Who] extends ['anyone']
		? User
		: [User] extends [undefined]
			? User
			: NonNullable<User>;

/** The options of `defineChannel()`. All type parameters are inferred. */
export interface ChannelOptions<
	Inputs,
	Results,
	Events,
	Presence,
	Of,
	Server,
	History,
	Data,
	Anonymous,
	Who,
	User,
	Params,
> extends MessageHooks {
	/**
	 * Who may join. A function is asked about users, and about visitors with `anonymous: true`. It
	 * may return `{ history: false }`: the member is not given earlier messages. A `RealtimeError`
	 * that it throws is what the client gets. After any other error the client asks again.
	 */
	readonly authorize:
		| Who
		| ((
				member: MemberContext<Admitted<User, Anonymous, 'users'>, Params>,
		  ) => Maybe<boolean | { readonly history: boolean }>);
	/** Whether `authorize` is asked about visitors too. Default: false. */
	readonly anonymous?: Anonymous;
	/** What clients may send. */
	readonly messages?: {
		readonly [Name in keyof Inputs]: MessageDefinition<
			Inputs[Name],
			HandlerContext<Events, Presence, Data, Admitted<User, Anonymous, Who>, Params>
		>;
	} & { readonly [Name in keyof Results]: Returns<Results[Name]> };
	/** What clients get. */
	readonly events?: Events;
	/** Who is there. Absent: nobody is told. */
	readonly presence?: PresenceOptions<Presence, Of, Server, Admitted<User, Anonymous, Who>, Params>;
	/** How much is kept for clients that were away. Absent: nothing. */
	readonly history?: History | SuggestedHistory;
	/** Makes the first `connection.data`. */
	readonly data?: () => Data;
	/** Seconds for a handler. Default: 30. */
	readonly timeout?: number;
	readonly onJoin?: (
		context: ChannelContext<Events, Presence, Data, Admitted<User, Anonymous, Who>, Params>,
	) => unknown;
	readonly onLeave?: (
		context: ChannelContext<Events, Presence, Data, Admitted<User, Anonymous, Who>, Params>,
	) => unknown;
}

/** Declares a channel. Export the result as the file's default. */
export interface DefineChannel {
	<
		Inputs = Empty,
		Results = Empty,
		const Events extends Readonly<Record<string, EventDefinition>> = Empty,
		Presence extends Schema | undefined = undefined,
		Of extends PresenceUnit | undefined = undefined,
		Server = undefined,
		History extends HistoryOptions | undefined = undefined,
		Data = undefined,
		const Anonymous extends boolean = false,
		Who extends WhoMayJoin = 'users',
	>(
		options: ChannelOptions<
			Inputs,
			Results,
			Events,
			Presence,
			Of,
			Server,
			History,
			Data,
			Anonymous,
			Who,
			SiteUser,
			SiteParams
		>,
	): Defined<Inputs, Results, Events, Presence, Of, Server, History>;
	/** @param file The file's own path, `'rooms/[room]'`: `params` are then exactly its parameters. */
	<
		File extends SiteFile,
		Inputs = Empty,
		Results = Empty,
		const Events extends Readonly<Record<string, EventDefinition>> = Empty,
		Presence extends Schema | undefined = undefined,
		Of extends PresenceUnit | undefined = undefined,
		Server = undefined,
		History extends HistoryOptions | undefined = undefined,
		Data = undefined,
		const Anonymous extends boolean = false,
		Who extends WhoMayJoin = 'users',
	>(
		file: File,
		options: ChannelOptions<
			Inputs,
			Results,
			Events,
			Presence,
			Of,
			Server,
			History,
			Data,
			Anonymous,
			Who,
			SiteUser,
			PathParams<File>
		>,
	): Defined<Inputs, Results, Events, Presence, Of, Server, History>;
}

export type DefineBinary = (options?: BinaryOptions) => BinarySchema;

/** `config` of a file in the short form. */
export interface ShortFormConfig {
	/** What a message is. Default: `'json'`. */
	readonly type?: 'json' | 'string' | 'binary';
	/** Seconds for the handler. Default: 30. */
	readonly timeout?: number;
}

// —— Both sides

/** Someone who is present. */
export interface Member<Data = unknown> {
	readonly id: string;
	/** Undefined for a visitor. */
	readonly user: SiteUser;
	readonly data: Data;
	/** Milliseconds since 1970. */
	readonly since: number;
}
type MemberOf<Presence> = Presence extends { readonly received: infer Data } ? Member<Data> : never;

type KeptEvents<Events> = {
	[Name in keyof Events]: Events[Name] extends { readonly ephemeral: true } ? never : Name;
}[keyof Events] &
	string;

// —— Servers

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
export type ParamsArguments<Params> = Empty extends Params
	? [params?: Readonly<Record<string, never>>]
	: [params: Params];
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

// —— Clients

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

/** The defaults of hooks, for hooks that do more. */
export type LogMessage = (message: RealtimeMessage) => void;
export type LogError = (error: unknown, message?: RealtimeMessage) => void;
