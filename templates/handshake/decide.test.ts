import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decide, type HandshakeDecisions } from './decide.ts';

type Decision = keyof HandshakeDecisions<{ readonly by: Decision }>;

/** Decisions that let everything through but for those named, and what was asked. */
function decisions(
	refusing: readonly Decision[],
): [HandshakeDecisions<{ by: Decision }>, string[]] {
	const asked: string[] = [];
	const one = (by: Decision) => async (): Promise<{ by: Decision } | false> => {
		asked.push(by);
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
		asked,
	];
}

test('a handshake goes on when every decision lets it through, and the hook is asked last', async () => {
	const [all, asked] = decisions([]);
	assert.equal(await decide(all), undefined);
	assert.deepEqual(asked, ['limits', 'origin', 'protocols', 'claim', 'closing', 'verify']);
});

test('the first decision that refuses answers, and nothing is asked after it', async () => {
	const [all, asked] = decisions(['verify', 'origin']);
	assert.deepEqual(await decide(all), { by: 'origin' });
	assert.deepEqual(asked, ['limits', 'origin']);
});

test('decisions that a runtime does not make are passed over', async () => {
	const verify = (): { by: Decision } => ({ by: 'verify' });
	assert.deepEqual(await decide({ origin: () => undefined, verify }), { by: 'verify' });
});
