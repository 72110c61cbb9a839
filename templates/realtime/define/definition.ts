import type { Retention } from '../channel/ports.ts';
import type { ChannelRules } from '../channel/rules.ts';
import type { ChannelHandle } from './api/channel-handle.ts';

/** A channel file at run time. */
export interface ChannelDefinition extends ChannelRules {
	/** The path below `src/realtime` without its extension: `teams/[team]/rooms/[room]`. */
	readonly file: string;
	/** The path without parameters, as clients name it: `teams/rooms`. */
	readonly name: string;
	/** The names of the parameters in the order of the path. */
	readonly params: readonly string[];
	readonly form: 'declared' | 'short';
	/**
	 * Whether a member may join, and be given the past. Resolves with undefined if not.
	 *
	 * @throws RealtimeError if the site's code throws it, or fails, which is reported.
	 */
	authorize(context: AuthorizeContext): Promise<{ readonly history: boolean } | undefined>;
	/**
	 * The data of a plain client's message, as `config.type` says. Of the short form alone.
	 *
	 * @throws RealtimeError if the message is not of that type.
	 */
	readPlain?(message: string | Uint8Array): unknown;
	/** The handle of an instance, for the site's server code. */
	open(params: Readonly<Record<string, string>>): ChannelHandle | PlainChannelHandle;
}

export interface AuthorizeContext {
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
}

/** An instance of a channel in the short form. */
export interface PlainChannelHandle {
	publish(data: unknown): Promise<string | undefined>;
	disconnect(userId: string): Promise<void>;
}

/** What a channel without history keeps: its head. */
export const NOTHING_KEPT: Retention = { size: 0, ttl: 0 };
