import type { Entry } from '../channel/ports.ts';
import type { Data, PresentMember } from '../protocol/server-frames.ts';

/** Reaches the channels and users of a site, wherever they live. Implemented by the runtime. */
export interface Directory {
	/**
	 * @param file The path of the channel's file below `src/realtime`, without its extension.
	 * @param params The values of all parameters of the file.
	 */
	channel(file: string, params: Readonly<Record<string, string>>): ChannelPort;
	user(userId: string): UserPort;
}

export interface PublishedMessage {
	readonly name: string;
	readonly data: Data;
	readonly isEphemeral: boolean;
	/** The publisher's own id. The engine keeps one message per id. */
	readonly id?: string;
	/** The connection that does not get it. Only for an ephemeral message. */
	readonly except?: string;
	/** The connection whose message is being handled. */
	readonly from?: string;
}

export interface ChannelPort {
	/** Resolves with the position; with undefined for an ephemeral event. */
	publish(message: PublishedMessage): Promise<string | undefined>;
	/** The newest `last` entries, or the oldest `limit` after `since`, oldest first. */
	history(
		range: { readonly last: number } | { readonly since: string; readonly limit: number },
	): Promise<{ readonly entries: readonly Entry[]; readonly position: string }>;
	members(): Promise<readonly PresentMember[]>;
	disconnect(userId: string): Promise<void>;
}

export interface UserPort {
	/**
	 * Sends to all connections of a user.
	 *
	 * @param data JSON text, or bytes. A plain client gets a JSON string as its characters, without
	 * quotes.
	 */
	send(data: Data): Promise<void>;
	isOnline(): Promise<boolean>;
}
