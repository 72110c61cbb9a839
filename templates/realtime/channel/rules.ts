import type { Data, Frame } from '../protocol/server-frames.ts';
import type { HandlerDeadline } from './handler-deadline.ts';
import type { ChannelKey } from './key.ts';
import type { Ports, Retention, RosterWatcher } from './ports.ts';

/** What a site says about a channel. Read anew for each use, because a file changes in `astro dev`. */
export interface ChannelRules {
	readonly retention: Retention;
	/** Whether members may be given the past. */
	readonly keepsHistory: boolean;
	readonly presence: PresenceRules | undefined;
	/** Names of messages from clients that are never answered. */
	readonly ephemeral: readonly string[];
	/** Names of messages from clients that may be handled twice. */
	readonly idempotent: readonly string[];
	/** Milliseconds for a handler. */
	readonly timeout: number;
	/**
	 * Parses a client's message and runs its handler. Gives its result as JSON, or bytes: a promise
	 * unless the handler has returned already. It rejects as soon as the deadline ends, and with a
	 * RealtimeError for the sender. The definition reports other errors itself.
	 */
	handle(message: ClientMessage, deadline: HandlerDeadline): Data | Promise<Data>;
	/** Undefined if the site does nothing then. The definition reports errors. */
	onJoin(member: MemberView): Promise<void> | undefined;
	onLeave(member: MemberView): Promise<void> | undefined;
}

export interface PresenceRules {
	readonly of: 'user' | 'connection';
	/**
	 * Parses a member's data and adds that of the server. Resolves with JSON.
	 *
	 * @throws RealtimeError if it does not match the schema or exceeds its limit.
	 */
	parse(data: unknown, member: MemberView): Promise<unknown>;
	/** Follows who is present. A server of channels without presence has no code for it. */
	follow(init: PresenceInit): ChannelPresence;
}

/** What a channel gives to whatever follows its roster. */
export interface PresenceInit {
	readonly key: ChannelKey;
	readonly ports: Ports;
	/** The number of the channel in frames. */
	readonly number: number;
	readonly of: () => 'user' | 'connection';
	/** Sends a frame to all members. */
	readonly tell: (frame: Frame) => void;
}

/** Who is present in a channel, as all members were told. The channel passes on what it watches. */
export interface ChannelPresence extends RosterWatcher {
	/**
	 * Reads who is present. The roster is watched already.
	 *
	 * @throws the error of the engine. The next call tries again.
	 */
	open(): Promise<void>;
	close(): void;
	/** Everyone present, as told to all members before. */
	state(): Frame;
	/** Since when a user or a connection is present, in milliseconds since 1970. */
	sinceOf(id: string): number | undefined;
}

export interface ClientMessage {
	readonly name: string;
	readonly data: unknown;
	readonly requestId: string;
	readonly member: MemberView;
	/** Called with the position of each message that the handler published to this channel. */
	published(position: string): void;
}

/** A member, as the site's code sees it. */
export interface MemberView {
	readonly connection: ConnectionView;
	/** JSON with an `id`, or undefined for an anonymous visitor. */
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
}

export interface ConnectionView {
	readonly id: string;
	/** The site's own data of this connection and channel, at most 8 KB as JSON. */
	data: unknown;
	/** Sends an ephemeral event to this connection alone. */
	send(name: string, data: Data): void;
}
