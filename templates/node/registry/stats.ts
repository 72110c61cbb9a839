/** `zastro-websockets-node/stats`: what happens on the WebSocket connections of the process. */

import type { RejectionReason } from '../../handshake/refusal.ts';
import { perProcess } from '../process/per-process.ts';
import { connections } from './connections.ts';
import type { HealthCounts } from './health.ts';
import type { Traffic } from './managed-connection.ts';
import { type Lifetimes, type Rates, SAMPLE_INTERVAL } from './metrics.ts';
import { prometheusText } from './prometheus.ts';

export type { RejectionReason } from '../../handshake/refusal.ts';
export type { HealthCounts } from './health.ts';
export type { Traffic } from './managed-connection.ts';
export type { LifetimeBucket, Lifetimes, Rates } from './metrics.ts';

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

/** What happened so far, and what there is now. */
export function getStats(): ConnectionStats {
	sampleFromNowOn();
	const books = connections();
	const { metrics } = books;
	const totals = metrics.totals(books.all());
	return {
		totalManagedConnections: books.open,
		mostOpen: metrics.mostOpen,
		opening: Math.max(0, books.size - books.open),
		clients: books.clients,
		accepted: totals.accepted,
		closed: totals.closed,
		closeCodes: Object.fromEntries(metrics.closeCodes),
		rejected: [...metrics.rejections.values()].reduce((sum, count) => sum + count, 0),
		rejections: Object.fromEntries(metrics.rejections),
		messages: totals.messages,
		bytes: totals.bytes,
		rates: metrics.rates(totals, performance.now()),
		lifetimes: metrics.lifetimes,
		health: books.health.counts,
		maxConnections: books.configuration.values.maxConnections,
		isClosing: books.isClosingAll,
	};
}

/** Open connections. */
export function getConnectionCount(): number {
	return connections().open;
}

/**
 * What {@link getStats} tells, in the text format of Prometheus, for an API route:
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

/** Nobody pays for rates that nobody has asked for. */
function sampleFromNowOn(): void {
	perProcess('sampling', () => {
		const sample = (): void => {
			const books = connections();
			books.metrics.sample(books.metrics.totals(books.all()), performance.now());
		};
		sample();
		return setInterval(sample, SAMPLE_INTERVAL).unref();
	});
}
