import type { ChannelKey } from '../../../realtime/channel/key.ts';
import { checkSize } from '../../../realtime/channel/size.ts';

/** What an object is for: one instance of a channel, or the inbox of one user. */
export type ObjectPurpose =
	| { readonly key: ChannelKey; readonly userId?: undefined }
	| { readonly key?: undefined; readonly userId: string };

const CHANNEL = 'channel:';
const USER = 'user:';

/** Bytes. The runtime tells no object a longer name. */
const MAX_NAME_BYTES = 1024;

/** What is no ASCII, in a key and in a name. Encoded, it would take three times its bytes. */
const ENCODED = /(?:%[89A-F].)+/g;
const BEYOND_ASCII = /[\u0080-\uffff]+/g;

/** @throws RealtimeError if the values of the channel's parameters are too long together. */
export function channelName(key: ChannelKey): string {
	let name = CHANNEL + key;
	// Only then: another name is another object, without the messages of before.
	if (name.length > MAX_NAME_BYTES) name = name.replace(ENCODED, decodeURIComponent);
	checkSize(name, 'The name of a channel', MAX_NAME_BYTES);
	return name;
}

export function userName(userId: string): string {
	return USER + userId;
}

/** @throws Error for an object that this package did not name. */
export function readObjectName(name: string | undefined): ObjectPurpose {
	if (name?.startsWith(CHANNEL)) {
		return { key: name.slice(CHANNEL.length).replace(BEYOND_ASCII, encodeURIComponent) };
	}
	if (name?.startsWith(USER)) return { userId: name.slice(USER.length) };
	throw new Error(`The name of an object is unknown: ${name}`);
}
