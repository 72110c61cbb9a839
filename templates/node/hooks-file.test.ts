import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withHooksExport } from './hooks-file.ts';

test('the module of the options exports the hooks', () => {
	assert.equal(
		withHooksExport('export const mode = "standalone";', { websocket: { hooks: '/a "b".ts' } }),
		'export const mode = "standalone";\nexport * as websocketHooks from "/a \\"b\\".ts";',
	);
	assert.equal(withHooksExport('code', { websocket: { hooks: null } }), 'code');
	assert.equal(withHooksExport('code', {}), 'code');
});
