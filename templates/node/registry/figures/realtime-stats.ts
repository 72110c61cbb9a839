import type { RealtimeStats } from '../../../realtime/server/stats.ts';
import type { EngineStatus } from '../../../realtime/user/engine.ts';
import { perProcess } from '../../process/per-process.ts';

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
		engine: worse(one.engine, other.engine),
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

/** The engine that an operator has to look at. */
function worse(one: EngineStatus, other: EngineStatus): EngineStatus {
	if (one.state !== other.state) return one.state === 'down' ? one : other;
	return (other.lag ?? 0) > (one.lag ?? 0) ? other : one;
}

function added<Key extends string>(
	one: Readonly<Record<Key, number>>,
	other: Readonly<Record<Key, number>>,
): Record<Key, number> {
	const total: Record<Key, number> = { ...one };
	for (const key of Object.keys(total) as Key[]) total[key] += other[key];
	return total;
}
