import {
	CHANNEL_QUERY,
	INBOX_QUERY,
	PARAM_QUERY,
	paramsIn,
} from '../../realtime/protocol/channel-query.ts';
import { ENDPOINT } from '../../realtime/protocol/constants.ts';
import { hideInPath, hideSecrets } from '../report/secrets.ts';
import { channelName } from './channel-frames.ts';

/**
 * The path of a handshake for people, without secrets. Where every channel has a connection of its
 * own, the query names the channel, and is shown as the channel is everywhere in the inspector.
 */
export function shownPath(url: string): string {
	const at = url.indexOf('?');
	const place = at === -1 ? url : url.slice(0, at);
	const query = new URLSearchParams(at === -1 ? '' : url.slice(at));
	const target = place.replace(/\/$/, '').endsWith(ENDPOINT) ? targetOf(query) : undefined;
	if (target === undefined) return hideInPath(url);
	const rest = query.size === 0 ? '' : `?${query}`;
	return `${hideInPath(place + rest)} ${target}`;
}

/** Takes what the connection is for from its query. */
function targetOf(query: URLSearchParams): string | undefined {
	const name = query.get(CHANNEL_QUERY);
	if (name === null) return takeInbox(query);
	const params = Object.fromEntries(paramsIn(query));
	for (const param in params) query.delete(PARAM_QUERY + param);
	query.delete(CHANNEL_QUERY);
	return channelName(String(hideSecrets(name)), hideSecrets(params));
}

/** The connection of the messages to a user. */
function takeInbox(query: URLSearchParams): string | undefined {
	if (!query.has(INBOX_QUERY)) return undefined;
	query.delete(INBOX_QUERY);
	return INBOX_QUERY;
}
