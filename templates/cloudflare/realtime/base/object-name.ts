import type { ChannelKey } from '../../../realtime/channel/key.ts';

/** What an object is for: one instance of a channel, or the inbox of one user. */
export type ObjectPurpose =
	| { readonly kind: 'channel'; readonly key: ChannelKey }
	| { readonly kind: 'user'; readonly userId: string };

const CHANNEL = 'channel:';
const USER = 'user:';

export function channelName(key: ChannelKey): string {
	return CHANNEL + key;
}

export function userName(userId: string): string {
	return USER + userId;
}

/** @throws Error for an object that this package did not name. */
export function readObjectName(name: string | undefined): ObjectPurpose {
	if (name?.startsWith(CHANNEL)) return { kind: 'channel', key: name.slice(CHANNEL.length) };
	if (name?.startsWith(USER)) return { kind: 'user', userId: name.slice(USER.length) };
	throw new Error(`The name of an object is unknown: ${name}`);
}
