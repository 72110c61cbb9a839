import type { RejectionReason } from '../../../handshake/refusal.ts';
import type { RealtimeStats } from '../../../realtime/server/stats.ts';
import type { Traffic } from '../connections/managed-connection.ts';
import type { HealthCounts } from '../upkeep/health.ts';
import type { Lifetimes, Rates } from './metrics.ts';

/** Totals since the start of the process, and the current state. JSON-compatible. */
export interface ConnectionStats {
	/** Open connections, and their maximum at one time. */
	readonly totalManagedConnections: number;
	readonly mostOpen: number;
	/** Pending handshakes. */
	readonly opening: number;
	/** Clients with connections. IPv6 addresses count by their /64. */
	readonly clients: number;
	/** Accepted handshakes. */
	readonly accepted: number;
	/** Ended connections, in total and by close code. */
	readonly closed: number;
	readonly closeCodes: Readonly<Record<number, number>>;
	/** Rejected handshakes, in total and by reason. */
	readonly rejected: number;
	readonly rejections: Readonly<Partial<Record<RejectionReason, number>>>;
	readonly messages: Traffic;
	/** Bytes on the wire, including handshakes, frames and pings. */
	readonly bytes: Traffic;
	/** Rates per second over the last minute, measured since the first call. */
	readonly rates: Rates;
	readonly lifetimes: Lifetimes;
	readonly health: HealthCounts;
	/** The maximum number of connections. */
	readonly maxConnections: number;
	/** Whether a drain or a shutdown of all sites refuses new connections. */
	readonly isClosing: boolean;
	/** Realtime channels, absent if the site has none. */
	readonly realtime?: RealtimeStats;
}
