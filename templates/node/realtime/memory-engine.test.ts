import assert from 'node:assert/strict';
import { test } from 'node:test';
import { processesHint } from './memory-engine.ts';

test('one of several processes says that they do not see each other', () => {
	const processes = [
		{ worker: undefined, instance: undefined },
		{ worker: 1, instance: undefined },
		{ worker: 2, instance: undefined },
		{ worker: 3, instance: undefined },
		{ worker: undefined, instance: '0' },
		{ worker: undefined, instance: '1' },
		{ worker: undefined, instance: '2' },
	];
	const hints = processes.map(processesHint);
	assert.deepEqual(
		hints.map((hint) => hint !== undefined),
		[false, false, true, false, false, true, false],
	);
	for (const engine of ['redis', 'nats']) {
		assert.match(hints[2] ?? '', new RegExp(`realtime: \\{ engine: '${engine}' \\}`));
	}
});
