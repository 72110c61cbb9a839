/** `zastro-websockets-node/stats`: statistics of the WebSocket connections of the process. */

import { perProcess } from '../process/per-process.ts';
import type { ConnectionStats } from './figures/connection-stats.ts';
import { SAMPLE_INTERVAL } from './figures/metrics.ts';
import { prometheusText } from './figures/prometheus.ts';
import { realtimeStats } from './figures/realtime-stats.ts';
import { processRegistry } from './registry.ts';

export type { RejectionReason } from '../../handshake/refusal.ts';
export type { RealtimeStats } from '../../realtime/server/stats.ts';
export type { Traffic } from './connections/managed-connection.ts';
export type { ConnectionStats } from './figures/connection-stats.ts';
export type { LifetimeBucket, Lifetimes, Rates } from './figures/metrics.ts';
export type { HealthCounts } from './upkeep/health.ts';

/** Returns the totals since the start of the process, and the current state. */
export function getStats(): ConnectionStats {
	sampleFromNowOn();
	const registry = processRegistry();
	const { metrics } = registry;
	const totals = metrics.totals(registry.all());
	const realtime = realtimeStats();
	return {
		totalManagedConnections: registry.open,
		mostOpen: metrics.mostOpen,
		opening: Math.max(0, registry.size - registry.open),
		clients: registry.clients,
		accepted: totals.accepted,
		closed: totals.closed,
		closeCodes: Object.fromEntries(metrics.closeCodes),
		rejected: [...metrics.rejections.values()].reduce((sum, count) => sum + count, 0),
		rejections: Object.fromEntries(metrics.rejections),
		messages: totals.messages,
		bytes: totals.bytes,
		rates: metrics.rates(totals, performance.now()),
		lifetimes: metrics.lifetimes,
		health: registry.health.counts,
		maxConnections: registry.configuration.values.maxConnections,
		isClosing: registry.isClosingAll,
		...(realtime !== undefined && { realtime }),
	};
}

/** Returns the number of open connections. */
export function getConnectionCount(): number {
	return processRegistry().open;
}

/**
 * Returns the values of {@link getStats} in the text format of Prometheus, for an API route:
 *
 * ```js
 * export const GET = () => metricsResponse();
 * ```
 */
export function metricsResponse(): Response {
	return new Response(prometheusText(getStats()), {
		headers: {
			'Content-Type': 'text/plain; version=0.0.4; charset=utf-8',
			'Cache-Control': 'no-store',
		},
	});
}

/** Starts sampling on the first call, so that sites without rates do not pay for it. */
function sampleFromNowOn(): void {
	perProcess('sampling', () => {
		const sample = (): void => {
			const registry = processRegistry();
			registry.metrics.sample(registry.metrics.totals(registry.all()), performance.now());
		};
		sample();
		return setInterval(sample, SAMPLE_INTERVAL).unref();
	});
}
