import type { ChannelRules } from '../channel/rules.ts';

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
	 * Whether a member may join, and be given the past. Resolves with undefined if not. Never
	 * rejects: an error of the site is reported, and refuses.
	 */
	authorize(context: AuthorizeContext): Promise<{ readonly history: boolean } | undefined>;
	/**
	 * The data of a plain client's message in the short form, as `config.type` says.
	 *
	 * @throws RealtimeError if the message is not of that type.
	 */
	readPlain(message: string | Uint8Array): unknown;
}

export interface AuthorizeContext {
	readonly user: { readonly id: string } | undefined;
	readonly params: Readonly<Record<string, string>>;
}
