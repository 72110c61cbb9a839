import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RealtimeStats } from '../../../realtime/server/stats.ts';
import { getStats } from '../stats.ts';
import { prometheusText } from './prometheus.ts';
import { realtimeSources } from './realtime-stats.ts';

function stats(number: number): RealtimeStats {
	return {
		engine: { name: 'memory', state: 'up', since: 1, lag: 0 },
		connections: number,
		users: number,
		channels: number,
		members: number,
		messages: { received: number, published: number },
		joins: { allowed: number, refused: number },
		sessions: { opened: number, resumed: number },
		resumes: { whole: number, gap: number },
		gaps: { trimmed: number, restarted: number, 'not kept': number },
	};
}

test('statistics have a part for realtime only if a site has channels', () => {
	const without = getStats();
	assert.equal('realtime' in without, false);
	assert.doesNotMatch(prometheusText(without), /realtime/);
	const sources = [() => stats(1), () => stats(2)];
	for (const source of sources) realtimeSources().add(source);
	try {
		const both = getStats();
		assert.deepEqual(both.realtime, stats(3));
		const text = prometheusText(both);
		assert.match(text, /^websocket_realtime_members 3$/m);
		assert.match(text, /^websocket_realtime_resumes_total\{outcome="whole"\} 3$/m);
		assert.match(text, /^websocket_realtime_gaps_total\{reason="not kept"\} 3$/m);
	} finally {
		for (const source of sources) realtimeSources().delete(source);
	}
});

test('the statistics of several sites show the engine that is down', () => {
	const engine = { name: 'redis', state: 'down', since: 5, lag: null } as const;
	const sources = [() => stats(1), () => ({ ...stats(2), engine }), () => stats(3)];
	for (const source of sources) realtimeSources().add(source);
	try {
		const all = getStats();
		assert.deepEqual(all.realtime?.engine, engine);
		const text = prometheusText(all);
		assert.match(text, /^websocket_realtime_engine_up\{engine="redis"\} 0$/m);
		assert.doesNotMatch(text, /engine_lag/);
	} finally {
		for (const source of sources) realtimeSources().delete(source);
	}
	const [first = () => stats(1)] = sources;
	realtimeSources().add(first);
	try {
		const text = prometheusText(getStats());
		assert.match(text, /^websocket_realtime_engine_up\{engine="memory"\} 1$/m);
		assert.match(text, /^websocket_realtime_engine_lag_seconds\{engine="memory"\} 0$/m);
	} finally {
		realtimeSources().delete(first);
	}
});
