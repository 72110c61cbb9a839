import type { DefineChannel } from './file-types.ts';

/** What `defineChannel()` was given. Not checked. */
export interface Declaration {
	readonly file?: unknown;
	readonly options: unknown;
}

/**
 * Declares a channel. Its options are checked with the file, so that all errors of a site are told
 * together.
 */
export const defineChannel: DefineChannel = ((...given: readonly unknown[]) => {
	const [file, options] = given.length > 1 ? given : [undefined, given[0]];
	const declaration: Declaration = { options, ...(file !== undefined && { file }) };
	return { '~channel': declaration };
}) as unknown as DefineChannel;

/** Returns undefined for a value that is not of `defineChannel()`, in whichever instance of it. */
export function declarationOf(value: unknown): Declaration | undefined {
	if (typeof value !== 'object' || value === null) return undefined;
	return (value as { readonly '~channel'?: Declaration })['~channel'];
}
