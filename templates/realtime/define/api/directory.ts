import type { Entry, Snapshot } from '../../channel/ports.ts';
import type { Data, PresentMember } from '../../protocol/server-frames.ts';

/** Reaches the channels and users of a site, wherever they live. Implemented by the runtime. */
export interface Directory {
	/**
	 * @param file The path of the channel's file below `src/realtime`, without its extension.
	 * @param params The values of all parameters of the file.
	 */
	channel(file: string, params: Readonly<Record<string, string>>): ChannelPort;
	user(userId: string): UserPort;
	/** How many users one message to several is sent to at the same time. */
	readonly width: number;
}

export interface PublishedMessage {
	readonly name: string;
	readonly data: Data;
	readonly isEphemeral: boolean;
	/** The publisher's own id. The engine keeps one message per id. */
	readonly id?: string | undefined;
	/** The connection that does not get it. Only for an ephemeral message. */
	readonly except?: string | undefined;
	/** The connection whose message is being handled. */
	readonly from?: string | undefined;
}

export interface NewSnapshot {
	readonly name: string;
	readonly data: Data;
	/** The position of the last message that it stands for. */
	readonly upTo: string;
}

export interface Past {
	/** The entries follow it. */
	readonly snapshot?: Snapshot | undefined;
	readonly entries: readonly Entry[];
	readonly position: string;
}

export interface ChannelPort {
	/** Resolves with the position; with undefined for an ephemeral event. */
	publish(message: PublishedMessage): Promise<string | undefined>;
	/** Resolves with false for a snapshot that comes too late. */
	snapshot(snapshot: NewSnapshot): Promise<boolean>;
	/**
	 * The newest `last` entries, or the oldest `limit` after `since`, oldest first. A snapshot stands
	 * for those before it: after it come the oldest ones.
	 */
	history(
		range: { readonly last: number } | { readonly since: string; readonly limit: number },
	): Promise<Past>;
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
