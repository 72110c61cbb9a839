import assert from 'node:assert/strict';
import { test } from 'node:test';
import { workerEntry } from './worker-entry.ts';

const entry = (main?: string): string | undefined => workerEntry(main, '@official/adapter', 'ours');

test('an entry of the official adapter is replaced by that of this one', () => {
	assert.equal(entry('@official/adapter/entrypoints/server'), 'ours/entrypoints/server');
});

test('any other entry is unchanged', () => {
	for (const main of [undefined, './src/worker.ts', '@official/adapter-of-others/server']) {
		assert.equal(entry(main), main);
	}
});
