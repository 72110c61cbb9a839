import assert from 'node:assert/strict';
import { test } from 'node:test';
import { declaresByExports } from './exports-support.ts';

const NAME = 'unstable_getDurableObjectClassNameToUseSQLiteMap';

test('a Wrangler that finds the class in `exports` supports them', () => {
	const wrangler = {
		[NAME]: (_migrations: unknown, exports: Record<string, { storage: string }>) =>
			new Map(Object.entries(exports).map(([name, { storage }]) => [name, storage === 'sqlite'])),
	};
	assert.equal(declaresByExports(wrangler), true);
});

test('a Wrangler that reads migrations alone does not', () => {
	assert.equal(declaresByExports({ [NAME]: () => new Map() }), false);
	assert.equal(declaresByExports({}), false);
});
