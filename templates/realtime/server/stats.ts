import type { GapReason } from '../protocol/server-frames.ts';
import type { EngineStatus } from '../user/engine.ts';

/**
 * Realtime channels of this process: totals since its start, and the current state. Only `engine` is
 * about all processes.
 */
export interface RealtimeStats {
	readonly engine: EngineStatus;
	/** Connections of realtime clients, those of plain clients included. */
	readonly connections: number;
	/** Users with connections to this process. */
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
