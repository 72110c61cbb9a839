import type { Empty, Json } from './value-types.ts';

/**
 * What a site has. Its generated declarations add `user`, `params` (a union of names), `files`
 * (a union of paths), and `server`, `client` and `testing` (the channels of both sides, and of tests).
 */
// biome-ignore lint/suspicious/noEmptyInterface: it is augmented
export interface Register {}

type Registered<Key extends string, Fallback> =
	Register extends Record<Key, infer Value> ? Value : Fallback;

/**
 * The user that the `authenticate` of a `_middleware` gives, undefined for a visitor. It is what JSON
 * makes of it, because a connection stores it so: a date is a string.
 */
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
		: Json<Result>;

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
