/** What the file of a channel may write. */

import type { Channel, EventType, PresenceType, PublishedOf } from './channel-types.ts';
import type { PathParams, SiteFile, SiteParams, SiteUser } from './register.ts';
import type { SentMessage } from './runtime.ts';
import type { Schema } from './schema.ts';
import type { ServerChannel } from './server-types.ts';
import type { DataArguments, Empty, InputOf, Json, Maybe, OutputOf } from './value-types.ts';

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

/** The defaults of hooks, for hooks that do more. */
export type LogMessage = (message: RealtimeMessage) => void;
export type LogError = (error: unknown, message?: RealtimeMessage) => void;
