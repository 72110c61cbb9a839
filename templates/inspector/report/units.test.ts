import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration, size } from './units.ts';

test('sizes and durations are short', () => {
	assert.deepEqual([0, 999, 1000, 1440, 65_536, 2_000_000].map(size), [
		'0 B',
		'999 B',
		'1 kB',
		'1.4 kB',
		'66 kB',
		'2 MB',
	]);
	assert.deepEqual([0.04, 3.21, 42, 1500].map(duration), ['0 ms', '3.2 ms', '42 ms', '1.5 s']);
});
