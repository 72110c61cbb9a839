import type { ErrorData } from './errors.ts';
import { type Data, writeContent } from './frame-content.ts';

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
	readonly from: string | undefined;
	readonly id: string | undefined;
	readonly name: string;
	readonly data: Data;
}

export interface JoinedDetails {
	readonly position: string;
	readonly keeps: boolean;
	readonly ephemeral: readonly string[];
	readonly idempotent: readonly string[];
}

const encoder = new TextEncoder();

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
	return frame(['event', channel, position, previous, at, from ?? null, id ?? null, name], data);
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
	return frame(['reply', ref, id], data);
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
	const content = writeContent(parts, data);
	const size = typeof content === 'string' ? utf8Length(content) : content.byteLength;
	return { content, size, isEphemeral };
}

/** The text of most frames is ASCII. `encodeInto` a shared buffer would cost more for long ones. */
function utf8Length(text: string): number {
	for (let index = 0; index < text.length; index++) {
		if (text.charCodeAt(index) > 0x7f) return encoder.encode(text).byteLength;
	}
	return text.length;
}
