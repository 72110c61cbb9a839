import { writeBinaryFrame } from './binary-frame.ts';
import { byteLength } from './byte-length.ts';
import type { ErrorData } from './errors.ts';
import type { Data } from './frame-content.ts';

export type { Data };

/** A frame as it is sent, written once for all of its receivers. */
export interface Frame {
	readonly content: string | Uint8Array;
	/** The size of the content in bytes, as the credits count it. */
	readonly size: number;
	/** Whether a slow connection may lose it. */
	readonly isEphemeral: boolean;
}

/** A member of a channel's presence. */
export interface PresentMember {
	readonly id: string;
	/** JSON, absent for anonymous visitors. */
	readonly user?: unknown;
	/** JSON. */
	readonly data: unknown;
	/** Milliseconds since 1970. */
	readonly since: number;
}

export interface PresenceChanges {
	readonly joined: readonly PresentMember[];
	readonly changed: readonly PresentMember[];
	readonly left: readonly string[];
}

/** Why messages of a channel are missing. */
export type GapReason = 'trimmed' | 'restarted' | 'not kept';

/** The parts of a kept message on the wire. */
export interface EventParts {
	readonly position: string;
	readonly previous: string;
	readonly at: number;
	readonly from?: string | undefined;
	readonly id?: string | undefined;
	readonly name: string;
	readonly data: Data;
}

/** The parts of a message that stands for earlier ones. */
export type SnapshotParts = Omit<EventParts, 'previous'>;

export interface JoinedDetails {
	readonly position: string;
	readonly keeps: boolean;
	readonly ephemeral: readonly string[];
	readonly idempotent: readonly string[];
}

export function welcomeFrame(details: {
	readonly session: string;
	readonly isResumed: boolean;
	readonly version: string;
}): Frame {
	return frame(['welcome', details]);
}

export function joinedFrame(ref: number, channel: number, details: JoinedDetails): Frame {
	return frame(['joined', ref, channel, details]);
}

export function refusedFrame(ref: number, error: ErrorData): Frame {
	return frame(['refused', ref, error]);
}

export function eventFrame(channel: number, parts: EventParts): Frame {
	const { position, previous, at, from, id, name, data } = parts;
	// Written part by part in half of the time: there are many of them. Positions and the ids of
	// sessions need no escapes.
	const sender = from === undefined ? 'null' : `"${from}"`;
	const given = id === undefined ? 'null' : JSON.stringify(id);
	const header = `["event",${channel},"${position}","${previous}",${at},${sender},${given},${JSON.stringify(name)}`;
	return framed(header, data);
}

export function snapshotFrame(channel: number, parts: SnapshotParts): Frame {
	const { position, at, from, id, name, data } = parts;
	return frame(['snapshot', channel, position, at, from ?? null, id ?? null, name], data);
}

export function castFrame(
	channel: number,
	from: string | undefined,
	name: string,
	data: Data,
): Frame {
	return frame(['cast', channel, from ?? null, name], data, true);
}

export function gapFrame(channel: number, reason: GapReason, position: string): Frame {
	return frame(['gap', channel, reason, position]);
}

export function membersFrame(
	channel: number,
	members: readonly PresentMember[] | null,
	count: number,
): Frame {
	return frame(['members', channel, members, count]);
}

export function changesFrame(channel: number, changes: PresenceChanges, count: number): Frame {
	return frame(['changes', channel, changes, count]);
}

export function replyFrame(ref: number, id: number, data: Data): Frame {
	return framed(`["reply",${ref},${id}`, data);
}

export function errorFrame(ref: number, id: number, error: ErrorData): Frame {
	return frame(['error', ref, id, error]);
}

export function leftFrame(ref: number, error: ErrorData | null): Frame {
	return frame(['left', ref, error]);
}

export function inboxFrame(data: Data): Frame {
	return frame(['inbox'], data);
}

export function creditFrame(count: number): Frame {
	return frame(['credit', count]);
}

export function drainFrame(milliseconds: number): Frame {
	return frame(['drain', milliseconds]);
}

/** @param data Placed last. It is JSON already and not written again. */
function frame(parts: readonly unknown[], data?: Data, isEphemeral = false): Frame {
	return framed(JSON.stringify(parts).slice(0, -1), data, isEphemeral);
}

/** @param header An array in JSON, without its end. */
function framed(header: string, data: Data, isEphemeral = false): Frame {
	const content =
		data instanceof Uint8Array
			? writeBinaryFrame(`${header}]`, data)
			: `${header}${data === undefined ? '' : `,${data}`}]`;
	return { content, size: byteLength(content), isEphemeral };
}
