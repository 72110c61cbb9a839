import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type HandshakeDecisions } from './decide.ts';

type Decision = keyof HandshakeDecisions<{ readonly by: Decision }>;

/** Decisions that pass unless named in `refusing`, and a log of their calls. */
function decisions(
	refusing: readonly Decision[],
): [HandshakeDecisions<{ by: Decision }>, string[]] {
	const calls: string[] = [];
	const one = (by: Decision) => async (): Promise<{ by: Decision } | false> => {
		calls.push(by);
		return refusing.includes(by) && { by };
	};
	return [
		{
			verify: one('verify'),
			closing: one('closing'),
			claim: one('claim'),
			protocols: one('protocols'),
			origin: one('origin'),
			limits: one('limits'),
		},
		calls,
	];
}

test('a handshake continues if every decision passes, and the hook runs last', async () => {
	const [all, calls] = decisions([]);
	assert.equal(await decide(all), undefined);
	assert.deepEqual(calls, ['limits', 'origin', 'protocols', 'claim', 'closing', 'verify']);
});

test('the first refusal answers the handshake and ends the decisions', async () => {
	const [all, calls] = decisions(['verify', 'origin']);
	assert.deepEqual(await decide(all), { by: 'origin' });
	assert.deepEqual(calls, ['limits', 'origin']);
});

test('absent decisions are skipped', async () => {
	const verify = (): { by: Decision } => ({ by: 'verify' });
	assert.deepEqual(await decide({ origin: () => undefined, verify }), { by: 'verify' });
});
