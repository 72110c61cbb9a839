/** The types of the test kit. A site's generated declarations name its channels with them. */

import type { UntypedChannels, UserSocket } from '../../client/base/types.ts';
import type {
	Channel,
	EventType,
	ParamsArguments,
	PresenceType,
	ReceivedOf,
} from './channel-types.ts';
import type { EventDetails, Gap, PlainRoom, Room } from './client-types.ts';
import type { Register, ServerChannels, SiteUser } from './register.ts';
import type { ServerChannel, ServerSocket } from './server-types.ts';

/** What the site's channels are in tests. Without generated declarations they have no types. */
export type TestChannels =
	Register extends Record<'testing', infer Channels> ? Channels : UntypedTestChannels;

/** `channels` of `zastro:realtime` in tests. */
export type TestServerChannels =
	Register extends Record<'server', unknown> ? ServerChannels : UntypedServerChannels;

/** `socket` of `zastro:realtime` in tests. */
export type TestServerSocket = ServerSocket;

/** What `zastro:realtime/client` exports, in tests. */
export interface TestPage {
	readonly channels: Register extends Record<'client', infer Channels> ? Channels : UntypedChannels;
	readonly socket: UserSocket;
}

/** A user of the site, or the id of a user who has nothing else. */
export type TestUser =
	| NonNullable<SiteUser>
	| ({ readonly id: string } extends NonNullable<SiteUser> ? string : never);

export interface WaitOptions {
	/** Milliseconds of real time. Default: the `timeout` of the kit. */
	readonly timeout?: number | undefined;
}

export interface TestJoinOptions<Given = unknown> {
	/** A position to continue from, or the number of kept messages to begin with. */
	readonly since?: string | { readonly last: number } | undefined;
	/** What this client says of itself. */
	readonly presence?: Given | undefined;
	/** Called for each gap, as in a page. `nextGap()` tells them as well. */
	readonly onGap?: ((gap: Gap) => void) | undefined;
}

/** An event that a client of a test got. */
export interface ReceivedEvent<Name extends string = string, Data = unknown> extends EventDetails {
	readonly event: Name;
	readonly data: Data;
}

/** What the joined channel of a test has beside what that of a page has. */
interface Waiting<Events> {
	/** All events so far, the oldest first. */
	readonly received: readonly {
		[Name in keyof Events & string]: ReceivedEvent<Name, ReceivedOf<Events[Name]>>;
	}[keyof Events & string][];
	/**
	 * Resolves with the data of the oldest event of a name that no earlier call took, also if it has
	 * arrived before.
	 *
	 * @throws Error after the timeout. Its message has the log of the client.
	 */
	next<Name extends keyof Events & string>(
		event: Name,
		options?: WaitOptions,
	): Promise<ReceivedOf<Events[Name]>>;
	/** The same for what `onGap` is told. */
	nextGap(options?: WaitOptions): Promise<Gap>;
}

/** A joined channel, in a test. */
export type TestRoom<Messages, Events, Presence> = Room<Messages, Events, Presence> &
	Waiting<Events>;

/** A joined channel in the short form, in a test. */
export type TestPlainRoom<Data> = PlainRoom<Data> &
	Waiting<{ readonly message: { readonly received: unknown } }>;

/** A channel with its parameters, in a test. */
export interface TestAddress<Joined, Given = unknown> {
	/**
	 * Resolves once the channel is joined.
	 *
	 * @throws RealtimeError of the server that refused the join.
	 * @throws HandshakeRefused if `authenticate` refused the connection.
	 */
	join(options?: TestJoinOptions<Given> & WaitOptions): Promise<Joined>;
}

/** `channels.rooms` in tests. `Module` is the type of the channel's file. */
export type OpenInTest<Module, Params> = (
	...params: ParamsArguments<Params>
) => AddressInTest<Module>;
type AddressInTest<Module> = 0 extends 1 & Module
	? Module
	: Module extends { default: infer Exported }
		? Exported extends Channel<infer Messages, infer Events, infer Presence, infer _>
			? TestAddress<TestRoom<Messages, Events, Presence>, GivenOf<Presence>>
			: Exported extends (message: infer Message) => unknown
				? TestAddress<TestPlainRoom<Message extends { readonly data: infer Data } ? Data : unknown>>
				: never
		: never;
type GivenOf<Presence> = Presence extends PresenceType<infer Given, unknown> ? Given : undefined;

/** A joined channel of a site whose types are unknown. */
export type UntypedTestRoom = TestRoom<
	Readonly<Record<string, (data?: unknown) => unknown>>,
	Readonly<Record<string, EventType>>,
	PresenceType
>;

/** A channel of a site whose types are unknown, and a folder of channels. */
export interface UntypedTestChannels {
	(params?: Readonly<Record<string, string>>): TestAddress<UntypedTestRoom>;
	readonly [name: string]: UntypedTestChannels;
}

/** The same for the code of the site. */
export interface UntypedServerChannels {
	(
		params?: Readonly<Record<string, string>>,
	): ServerChannel<Readonly<Record<string, EventType>>, PresenceType>;
	readonly [name: string]: UntypedServerChannels;
}
