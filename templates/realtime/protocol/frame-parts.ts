/** The frames as the arrays that travel, without trailing data where it may be bytes. */

import type { ErrorData } from './errors.ts';
import type { GapReason, JoinedDetails, PresenceChanges, PresentMember } from './server-frames.ts';

export interface JoinOptions {
	readonly since?: string;
	readonly last?: number;
	readonly presence?: unknown;
}

/** The parts of a client's frame. The data of `send` and `cast` follows them. */
export type ClientParts =
	| readonly ['hello', { readonly session?: string; readonly version?: string }, 1?]
	| readonly ['join', number, string, Readonly<Record<string, string>>, JoinOptions]
	| readonly ['leave', number]
	| readonly ['send', number, number, string]
	| readonly ['cast', number, string]
	| readonly ['presence', number, unknown]
	| readonly ['credit', number];

/** The parts of a server's frame, with data: a JSON value or bytes, undefined for nothing. */
export type ServerParts =
	| readonly [
			'welcome',
			{ readonly session: string; readonly isResumed: boolean; readonly version: string },
	  ]
	| readonly ['joined', number, number, JoinedDetails]
	| readonly ['refused', number, ErrorData]
	| readonly [
			'event',
			number,
			string,
			string,
			number,
			string | null,
			string | null,
			string,
			unknown?,
	  ]
	| readonly ['cast', number, string | null, string, unknown?]
	| readonly ['snapshot', number, string, number, string | null, string | null, string, unknown?]
	| readonly ['gap', number, GapReason, string]
	| readonly ['members', number, readonly PresentMember[] | null, number]
	| readonly ['changes', number, PresenceChanges, number]
	| readonly ['reply', number, number, unknown?]
	| readonly ['error', number, number, ErrorData]
	| readonly ['left', number, ErrorData | null]
	| readonly ['inbox', unknown?]
	| readonly ['credit', number]
	| readonly ['drain', number];
