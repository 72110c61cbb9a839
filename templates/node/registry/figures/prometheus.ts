import type { RealtimeStats } from '../../../realtime/server/stats.ts';
import type { ConnectionStats } from './connection-stats.ts';

/** A label and its value. */
type Label = readonly [name: string, value: string | number];

/** A labelled value. */
interface Sample {
	/** The suffix of the metric's name, used by histograms. */
	readonly ending?: string;
	readonly label?: Label;
	readonly value: number;
}

interface Metric {
	readonly name: string;
	readonly help: string;
	readonly type: 'counter' | 'gauge' | 'histogram';
	readonly samples: readonly Sample[];
}

/** The text format of Prometheus, version 0.0.4. */
export function prometheusText(stats: ConnectionStats): string {
	return metrics(stats).map(lines).join('');
}

function metrics(stats: ConnectionStats): Metric[] {
	const { lifetimes, health } = stats;
	return [
		gauge('open', 'Open WebSocket connections', stats.totalManagedConnections),
		gauge('opening', 'Pending WebSocket handshakes', stats.opening),
		gauge('clients', 'Client addresses with WebSocket connections', stats.clients),
		gauge('limit', 'Maximum number of WebSocket connections', stats.maxConnections),
		{
			name: 'websocket_connections_accepted_total',
			help: 'Accepted WebSocket handshakes',
			type: 'counter',
			samples: [{ value: stats.accepted }],
		},
		{
			name: 'websocket_connections_closed_total',
			help: 'Ended WebSocket connections, by close code',
			type: 'counter',
			samples: labelled('code', stats.closeCodes),
		},
		{
			name: 'websocket_handshakes_rejected_total',
			help: 'Rejected WebSocket handshakes, by reason',
			type: 'counter',
			samples: labelled('reason', stats.rejections),
		},
		{
			name: 'websocket_messages_total',
			help: 'WebSocket messages, by direction',
			type: 'counter',
			samples: labelled('direction', { ...stats.messages }),
		},
		{
			name: 'websocket_bytes_total',
			help: 'Bytes on the wire of WebSocket connections, by direction',
			type: 'counter',
			samples: labelled('direction', { ...stats.bytes }),
		},
		{
			name: 'websocket_health_checks_total',
			help: 'Pings of health monitoring, by result',
			type: 'counter',
			samples: labelled('result', { answered: health.answered, missed: health.missed }),
		},
		{
			name: 'websocket_connection_lifetime_seconds',
			help: 'Lifetimes of ended WebSocket connections',
			type: 'histogram',
			samples: [
				...lifetimes.buckets.map(
					({ atMost, count }): Sample => ({
						ending: '_bucket',
						label: ['le', atMost],
						value: count,
					}),
				),
				{ ending: '_bucket', label: ['le', '+Inf'], value: lifetimes.count },
				{ ending: '_sum', value: lifetimes.sum },
				{ ending: '_count', value: lifetimes.count },
			],
		},
		...(stats.realtime === undefined ? [] : realtimeMetrics(stats.realtime)),
	];
}

function realtimeMetrics(stats: RealtimeStats): Metric[] {
	const { engine, connections, users, channels, members } = stats;
	const counter = (
		name: string,
		help: string,
		label: string,
		values: Readonly<Record<string, number>>,
	): Metric => ({
		name: `websocket_realtime_${name}_total`,
		help,
		type: 'counter',
		samples: labelled(label, values),
	});
	const ofEngine: Label = ['engine', engine.name];
	const up = engine.state === 'up' ? 1 : 0;
	return [
		realtimeGauge('engine_up', 'Whether the realtime engine works', up, ofEngine),
		...(engine.lag === null
			? []
			: [
					realtimeGauge(
						'engine_lag_seconds',
						'Time of a message through the realtime engine and back',
						engine.lag / 1000,
						ofEngine,
					),
				]),
		realtimeGauge('connections', 'Connections of realtime clients', connections),
		realtimeGauge('users', 'Users with realtime connections', users),
		realtimeGauge('channels', 'Realtime channels in use', channels),
		realtimeGauge('members', 'Members of realtime channels', members),
		counter('messages', 'Realtime messages, by direction', 'direction', { ...stats.messages }),
		counter('joins', 'Joins of realtime channels, by result', 'result', { ...stats.joins }),
		counter('sessions', 'Realtime sessions, by their beginning', 'outcome', { ...stats.sessions }),
		counter('resumes', 'Joins with an earlier position, by outcome', 'outcome', {
			...stats.resumes,
		}),
		counter('gaps', 'Members that missed messages for good, by reason', 'reason', stats.gaps),
	];
}

function realtimeGauge(name: string, help: string, value: number, label?: Label): Metric {
	const samples = [label === undefined ? { value } : { label, value }];
	return { name: `websocket_realtime_${name}`, help, type: 'gauge', samples };
}

function gauge(name: string, help: string, value: number): Metric {
	return { name: `websocket_connections_${name}`, help, type: 'gauge', samples: [{ value }] };
}

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
	return Object.entries(values).map(([name, value]) => ({ label: [label, name], value }));
}

function lines({ name, help, type, samples }: Metric): string {
	const values = samples.map(({ ending = '', label, value }) => {
		const labels = label === undefined ? '' : `{${label[0]}="${label[1]}"}`;
		return `${name}${ending}${labels} ${value}\n`;
	});
	return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${values.join('')}`;
}
