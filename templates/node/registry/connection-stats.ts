import type { RejectionReason } from '../../handshake/refusal.ts';
import type { HealthCounts } from './health.ts';
import type { Traffic } from './managed-connection.ts';
import type { Lifetimes, Rates } from './metrics.ts';

/** What happened since the process has started, and what there is now. It is JSON. */
export interface ConnectionStats {
	/** Open connections, and the most at one time. */
	readonly totalManagedConnections: number;
	readonly mostOpen: number;
	/** Handshakes that are being answered. */
	readonly opening: number;
	/** Clients that have connections, an IPv6 address counting by its /64. */
	readonly clients: number;
	/** Handshakes that were accepted. */
	readonly accepted: number;
	/** Connections that have ended, and those of each close code. */
	readonly closed: number;
	readonly closeCodes: Readonly<Record<number, number>>;
	/** Handshakes that came to nothing, by the reason. */
	readonly rejected: number;
	readonly rejections: Readonly<Partial<Record<RejectionReason, number>>>;
	readonly messages: Traffic;
	/** On the wire: handshakes, frames and pings are in it. */
	readonly bytes: Traffic;
	/** Per second, over the last minute; from the first call on. */
	readonly rates: Rates;
	readonly lifetimes: Lifetimes;
	readonly health: HealthCounts;
	/** The limit of connections. */
	readonly maxConnections: number;
	/** Whether new ones are refused by a shutdown of all sites, or a drain. */
	readonly isClosing: boolean;
}
