/** The query of a connection for one channel: the channel's name, and its parameters. */
export const CHANNEL_QUERY: string = 'channel';
export const PARAM_QUERY: string = 'param.';
/** Present in a connection for the messages to a user. */
export const INBOX_QUERY: string = 'inbox';

/** The parameters of the channel. */
export function paramsIn(query: URLSearchParams): readonly (readonly [string, string])[] {
	return [...query].flatMap(([key, value]) =>
		key.startsWith(PARAM_QUERY) ? [[key.slice(PARAM_QUERY.length), value] as const] : [],
	);
}
