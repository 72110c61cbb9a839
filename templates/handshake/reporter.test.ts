import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reporter } from './reporter.ts';

test('a report leaves out an error that cannot be printed', () => {
	const lines: string[] = [];
	const report = reporter({}, (message, error) => {
		lines.push(error === undefined ? message : `${message}: ${String(error)}`);
	});
	report('A handler failed', Object.create(null));
	report('A handler failed', new Error('why'));
	assert.deepEqual(lines, [
		'A handler failed, with an error that cannot be printed',
		'A handler failed: Error: why',
	]);
});

test('if the onError hook fails, the log has both errors', async () => {
	for (const onError of [
		() => {
			throw 'thrown';
		},
		async () => {
			throw 'rejected';
		},
	]) {
		const lines: unknown[][] = [];
		const report = reporter({ onError }, (...line) => void lines.push(line));
		report('A warning');
		report('A handler failed', 'why');
		await new Promise((resolve) => setTimeout(resolve));
		assert.deepEqual(lines[0], ['A warning', undefined]);
		assert.deepEqual(lines[1], ['A handler failed', 'why']);
		assert.match(String(lines[2]), /onError.*(thrown|rejected)/);
	}
});
