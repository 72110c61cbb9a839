import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reporter } from './report.ts';

test('an error that cannot be printed is reported without it', () => {
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
