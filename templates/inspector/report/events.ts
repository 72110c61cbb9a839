/** What the dev server tells the inspector in the toolbar, and what the inspector asks for. */

/** The id of the app in Astro's dev toolbar. */
export const APP_ID: string = 'zastro:inspector';

/** Events on Vite's channel for hot updates. */
export const WATCH: string = 'zastro:inspector:watch';
export const ACT: string = 'zastro:inspector:act';
export const UPDATE: string = 'zastro:inspector:update';
/** From the Worker of a site, with a {@link WorkerFailure}. */
export const FAILED_IN_WORKER: string = 'zastro:inspector:failed-in-worker';

/** Sent by an inspector that is open, again and again: {@link WATCH}. */
export interface Watch {
	/** The run of the server that `since` is of. */
	readonly run: string | undefined;
	/** The number of the last row that the inspector has. */
	readonly since: number;
}

/** Sent to all pages while an inspector is open: {@link UPDATE}. */
export interface Update {
	/** Identifies the run of the server. With another one, numbers start again. */
	readonly run: string;
	/** Rows in the order of their numbers. A page may have some of them. */
	readonly rows: readonly Row[];
	readonly connections: readonly ConnectionInfo[];
	readonly channels: readonly ChannelInfo[];
}

/** A request to change a connection: {@link ACT}. */
export type Action =
	/** Closes it with a code after which realtime clients come back. */
	| { readonly type: 'close'; readonly connection: number }
	/** Cuts it without a closing handshake, like a lost network. */
	| { readonly type: 'drop'; readonly connection: number }
	/** Sends a text message, to the client or as the client. */
	| {
			readonly type: 'send';
			readonly connection: number;
			readonly to: 'client' | 'server';
			readonly text: string;
	  }
	/** Sends a message to a channel as the client, which has joined it. */
	| {
			readonly type: 'say';
			readonly connection: number;
			readonly channel: string;
			readonly name: string;
			/** JSON, or empty for a message without data. */
			readonly data: string;
	  };

export type RowKind =
	/** A message of the site, or a message in a channel. */
	| 'message'
	/** What the protocols need: pings, closes, the frames of channels around their messages. */
	| 'control'
	/** An accepted or a refused handshake, and the end of a connection. */
	| 'handshake'
	/** An error in a handler or a hook. */
	| 'error';

/** One line of the log. */
export interface Row {
	/** Counts from 1. */
	readonly number: number;
	/** Milliseconds since 1970. */
	readonly at: number;
	readonly kind: RowKind;
	/** The number of the connection, undefined for a refused handshake and most errors. */
	readonly connection?: number | undefined;
	/** Who got the message. */
	readonly to?: 'client' | 'server';
	/** The name of a message, or the event. */
	readonly label: string;
	/** The beginning of the content. */
	readonly text: string;
	/** Bytes of the content. */
	readonly size?: number;
	/** The name of the channel: see {@link ChannelInfo.name}. */
	readonly channel?: string | undefined;
	/** Milliseconds of a handshake, or from a message to its answer. */
	readonly duration?: number | undefined;
	/** What would change the outcome. */
	readonly hint?: string | undefined;
	/** Where an error was thrown. */
	readonly place?: Place | undefined;
	/** Whether it was sent from the inspector. */
	readonly isByHand?: boolean;
	/** Whether it reports something that went wrong. */
	readonly isBad?: boolean;
}

/** A line of the site's code. */
export interface Place {
	/** The absolute path. */
	readonly file: string;
	/** The path below the root of the project. */
	readonly shown: string;
	readonly line: number;
	readonly column: number;
}

export interface Traffic {
	readonly messages: number;
	readonly bytes: number;
}

export interface ConnectionInfo {
	readonly number: number;
	/** The path and the query, or the path and the channel: `/_realtime rooms (room: lobby)`. */
	readonly path: string;
	/** The selected subprotocol, or the empty string. */
	readonly protocol: string;
	/** Milliseconds since 1970. */
	readonly openedAt: number;
	readonly closedAt?: number;
	/** The code of the closing handshake, 1006 if there was none. */
	readonly code?: number;
	/** Messages by their receiver. */
	readonly toServer: Traffic;
	readonly toClient: Traffic;
	/** Whether the client speaks the protocol of channels, and comes back after a close. */
	readonly isRealtime: boolean;
	/** The channels that it is a member of. */
	readonly channels: readonly string[];
}

export interface ChannelInfo {
	/** For example `rooms (room: lobby)`. */
	readonly name: string;
	/** The numbers of the connections that are members. */
	readonly members: readonly number[];
	/** Messages from clients, and to clients. */
	readonly toServer: number;
	readonly toClient: number;
	/** Everyone present, undefined if the channel has no presence. */
	readonly present?: readonly Present[];
	/** The number of everyone present, of whom only some may be listed. */
	readonly presentCount?: number;
}

/** A member of a channel's presence. */
export interface Present {
	readonly id: string;
	/** The id of the user, empty for an anonymous visitor. */
	readonly user: string;
	/** The beginning of JSON. */
	readonly data: string;
}

/** An error in a Worker. */
export interface WorkerFailure {
	readonly message: string;
	readonly error?: { readonly text: string; readonly stack?: string };
}
