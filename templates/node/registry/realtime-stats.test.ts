import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prometheusText } from './prometheus.ts';
import { type RealtimeStats, realtimeSources } from './realtime-stats.ts';
import { getStats } from './stats.ts';

function stats(number: number): RealtimeStats {
	return {
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
