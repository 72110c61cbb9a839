import type { GapReason } from '../../realtime/protocol/server-frames.ts';
import { perProcess } from '../process/per-process.ts';

/** Realtime channels: totals since the start of the process, and the current state. */
export interface RealtimeStats {
	/** Connections of realtime clients, those of plain clients included. */
	readonly connections: number;
	/** Users with connections. */
	readonly users: number;
	/** Channels with members, or that had some a moment ago. */
	readonly channels: number;
	readonly members: number;
	/** Messages from clients, and messages that the site published. */
	readonly messages: { readonly received: number; readonly published: number };
	readonly joins: { readonly allowed: number; readonly refused: number };
	/** Sessions, by whether they continued an earlier connection. */
	readonly sessions: { readonly opened: number; readonly resumed: number };
	/** Joins with an earlier position, by whether messages were missed for good. */
	readonly resumes: { readonly whole: number; readonly gap: number };
	/** Members that missed messages for good, by reason. */
	readonly gaps: Readonly<Record<GapReason, number>>;
}

/** The parts of the process that have channels: one for each site. */
export function realtimeSources(): Set<() => RealtimeStats> {
	return perProcess('realtime-stats', () => new Set());
}

/** The sum of all sites, undefined if none has channels. */
export function realtimeStats(): RealtimeStats | undefined {
	return [...realtimeSources()]
		.map((source) => source())
		.reduce<RealtimeStats | undefined>(
			(total, stats) => (total === undefined ? stats : sum(total, stats)),
			undefined,
		);
}

function sum(one: RealtimeStats, other: RealtimeStats): RealtimeStats {
	return {
		connections: one.connections + other.connections,
		users: one.users + other.users,
		channels: one.channels + other.channels,
		members: one.members + other.members,
		messages: added(one.messages, other.messages),
		joins: added(one.joins, other.joins),
		sessions: added(one.sessions, other.sessions),
		resumes: added(one.resumes, other.resumes),
		gaps: added(one.gaps, other.gaps),
	};
}

function added<Key extends string>(
	one: Readonly<Record<Key, number>>,
	other: Readonly<Record<Key, number>>,
): Record<Key, number> {
	const total: Record<Key, number> = { ...one };
	for (const key of Object.keys(total) as Key[]) total[key] += other[key];
	return total;
}
