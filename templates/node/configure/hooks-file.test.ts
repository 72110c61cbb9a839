import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hooksPlugin } from './hooks-file.ts';

test('the hooks module runs the code of the start', () => {
	const { load } = hooksPlugin(null, 'import "package/start";\n') as object as {
		load(id: string): string | undefined;
	};
	assert.equal(
		load('\0virtual:astro-websocket:hooks'),
		'import "package/start";\nexport const websocketHooks = {};',
	);
});

for (const [what, file, module] of [
	[
		'exports the exports of the file',
		'/a "b".ts',
		'export * as websocketHooks from "/a \\"b\\".ts";',
	],
	['is empty without a file', null, 'export const websocketHooks = {};'],
] as const) {
	test(`the hooks module ${what}`, () => {
		const { resolveId, load } = hooksPlugin(file) as object as {
			resolveId(id: string): string | undefined;
			load(id: string): string | undefined;
		};
		const id = resolveId('virtual:astro-websocket:hooks');
		assert.ok(id);
		assert.equal(load(id), module);
		assert.equal(resolveId('virtual:another'), undefined);
		assert.equal(load('virtual:another'), undefined);
	});
}
